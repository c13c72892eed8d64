// These rows make and flatten clones and tell of parents and children. They run on the cluster's executors.
#include "rbd/image_options.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

Value LinkedImage(const rbd_linked_image_spec_t& spec) {
  return Value::Fields({{"poolId", Value::BigInt(spec.pool_id)},
                        {"pool", spec.pool_name},
                        {"namespace", spec.pool_namespace},
                        {"id", spec.image_id},
                        {"image", spec.image_name},
                        {"trash", spec.trash}});
}

Value ParentSnapshot(const rbd_snap_spec_t& snapshot) {
  return Value::Fields({{"snapshot", snapshot.name}, {"snapshotId", Value::BigInt(uint64_t{snapshot.id})}});
}

constexpr Binding rows[] = {
    RBD(rbd_clone3, IoCtx, Str, Str, Ref<IoCtx>, Str, ImageOptions),
    RBD(rbd_flatten_with_progress, Image, Progress),
    Long(RBD(rbd_list_children3, Image,
             OutList<rbd_linked_image_spec_t, LinkedImage, &RbdApi::rbd_linked_image_spec_list_cleanup>)),
    // The value is undefined when the image has no parent.
    RBD(rbd_get_parent, Image, NoneIf<ENOENT>,
        Out<rbd_linked_image_spec_t, LinkedImage, &RbdApi::rbd_linked_image_spec_cleanup>,
        Out<rbd_snap_spec_t, ParentSnapshot, &RbdApi::rbd_snap_spec_cleanup>),
};

}  // namespace

void ExportClone(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
