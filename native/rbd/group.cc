// These rows bind consistency groups: images of which snapshots are made at one moment. They run on the
// cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

// The value is undefined when the image belongs to none.
Value Group(const rbd_group_info_t& group, const Image& image) {
  if (group.name == nullptr || *group.name == '\0') return Value();
  return Value::Fields({{"poolId", Value::BigInt(group.pool)},
                        {"pool", PoolName(*image.ioctx(), group.pool)},
                        {"group", group.name}});
}

Value GroupImage(const rbd_group_image_info_t& image, const IoCtx& ioctx) {
  return Value::Fields({{"image", image.name},
                        {"poolId", Value::BigInt(image.pool)},
                        {"pool", PoolName(ioctx, image.pool)},
                        {"state", Code(image.state)}});
}

Value GroupSnapshot(const rbd_group_snap_info_t& snapshot) {
  return Value::Fields({{"name", snapshot.name}, {"state", Code(snapshot.state)}});
}

Value GroupSnapshotWhole(const rbd_group_snap_info2_t& snapshot, const IoCtx& ioctx) {
  std::vector<Value> images;
  for (size_t i = 0; i < snapshot.image_snaps_count; ++i) {
    const rbd_group_image_snap_info_t& image = snapshot.image_snaps[i];
    images.push_back(Value::Fields({{"image", image.image_name},
                                    {"poolId", Value::BigInt(image.pool_id)},
                                    {"pool", PoolName(ioctx, image.pool_id)},
                                    {"snapshotId", Value::BigInt(image.snap_id)}}));
  }
  return Value::Fields({{"name", snapshot.name},
                        {"state", Code(snapshot.state)},
                        {"id", snapshot.id},
                        {"namespaceType", Code(snapshot.namespace_type)},
                        {"imageSnapshot", snapshot.image_snap_name},
                        {"images", Value::List(std::move(images))}});
}

using GroupSnapshots =
    SizedOutList<rbd_group_snap_info_t, GroupSnapshot, &RbdApi::rbd_group_snap_list_cleanup>;

constexpr Binding rows[] = {
    RBD(rbd_get_group, Image, SizedOut<rbd_group_info_t, Group, &RbdApi::rbd_group_info_cleanup>),
    RBD(rbd_group_create, IoCtx, Str),
    Long(RBD(rbd_group_remove, IoCtx, Str)),
    RBD(rbd_group_rename, IoCtx, Str, Str),
    RBD(rbd_group_list, IoCtx, OutNames<4096>),
    RBD(rbd_group_get_id, IoCtx, Str, OutStr<64>),
    RBD(rbd_group_image_add, IoCtx, Str, Ref<IoCtx>, Str),
    RBD(rbd_group_image_remove, IoCtx, Str, Ref<IoCtx>, Str),
    RBD(rbd_group_image_remove_by_id, IoCtx, Str, Ref<IoCtx>, Str),
    Long(RBD(rbd_group_image_list, IoCtx, Str,
             SizedOutList<rbd_group_image_info_t, GroupImage, &RbdApi::rbd_group_image_list_cleanup>)),
    Long(RBD(rbd_group_snap_create2, IoCtx, Str, Str, Num<uint32_t>)),
    Long(RBD(rbd_group_snap_remove, IoCtx, Str, Str)),
    RBD(rbd_group_snap_rename, IoCtx, Str, Str, Str),
    RBD(rbd_group_snap_list, IoCtx, Str, GroupSnapshots),
    RBD(rbd_group_snap_list2, IoCtx, Str,
        OutList<rbd_group_snap_info2_t, GroupSnapshotWhole, &RbdApi::rbd_group_snap_list2_cleanup>),
    RBD(rbd_group_snap_get_info, IoCtx, Str, Str,
        Out<rbd_group_snap_info2_t, GroupSnapshotWhole, &RbdApi::rbd_group_snap_get_info_cleanup>),
    RBD(rbd_group_snap_rollback_with_progress, IoCtx, Str, Str, Progress),
};

}  // namespace

void ExportGroup(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
