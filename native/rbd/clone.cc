// This file makes and flattens clones and tells of parents and children. It runs on the cluster's executors.
#include "ceph/image_io.h"
#include "rbd/image_options.h"
#include "rbd/row.h"
#include "sys/until_it_fits.h"

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

template <auto kList>
int ListLinked(rbd_image_t image, std::vector<Value>* images) {
  Room<rbd_linked_image_spec_t> room(64);
  const int r = UntilItFits([&] { return (Rbd().*kList)(image, room.data(), &room.size); }, room);
  if (r < 0) return r;
  for (size_t i = 0; i < room.size; ++i) images->push_back(LinkedImage(room[i]));
  Rbd().rbd_linked_image_spec_list_cleanup(room.data(), room.size);
  return 0;
}

// OpenAt() opens the image once more, at one of its snapshots: what a handle is set to counts for its I/O as
// well.
copy::Error OpenAt(const Image& image, uint64_t snapshot, copy::OpenImage* at) {
  std::string id;
  std::string name;
  if (copy::Error error = copy::ImageId(image.image(), &id)) return error;
  if (const int r = GetName(image.image(), &name); r < 0) return copy::Error(r, "rbd_get_name");
  if (copy::Error error = copy::OpenById(image.ioctx()->ioctx(), id, name, true, at)) return error;
  const int r = Rbd().rbd_snap_set_by_id(at->get(), snapshot);
  return r < 0 ? copy::Error(r, "rbd_snap_set_by_id") : copy::Error();
}

// The clones of the image, or of one snapshot of it.
template <auto kList>
void RbdList(Call& call) {
  auto image = call.Handle<Image>();
  const std::optional<uint64_t> snapshot = call.OptionalUint64();
  call.Run(image, [image = image.get(), snapshot](Task& task) {
    copy::OpenImage at;
    if (snapshot) {
      if (const copy::Error error = OpenAt(*image, *snapshot, &at)) {
        task.result = error.result;
        task.value = Value(std::string("by ") + error.syscall);
        return;
      }
    }
    std::vector<Value> images;
    task.result = ListLinked<kList>(snapshot ? at.get() : image->image(), &images);
    if (task.result >= 0) task.value = Value::List(std::move(images));
  });
}

constexpr Binding rows[] = {
    RBD(rbd_clone3, IoCtx, Str, Str, Ref<IoCtx>, Str, ImageOptions),
    RBD(rbd_clone4, IoCtx, Str, Num<uint64_t>, Ref<IoCtx>, Str, ImageOptions),
    RBD(rbd_flatten_with_progress, Image, Progress),
    // The value is undefined when the image has no parent.
    RBD(rbd_get_parent, Image, NoneIf<ENOENT>,
        Out<rbd_linked_image_spec_t, LinkedImage, &RbdApi::rbd_linked_image_spec_cleanup>,
        Out<rbd_snap_spec_t, ParentSnapshot, &RbdApi::rbd_snap_spec_cleanup>),
};

}  // namespace

void ExportClone(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_list_children3", RbdList<&RbdApi::rbd_list_children3>, Length::kLong);
  ExportTask(env, exports, "rbd_list_descendants", RbdList<&RbdApi::rbd_list_descendants>, Length::kLong);
}

}  // namespace rbdkit
