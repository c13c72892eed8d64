// This file lists, creates, copies, removes, renames and changes the images of a pool, on the cluster's
// executors.
#include <cerrno>

#include "rbd/image_options.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

Value ImageSpec(const rbd_image_spec_t& image) {
  return Value::Fields({{"id", image.id}, {"name", image.name}});
}

// Exists() tells whether librbd can open the image.
bool Exists(rados_ioctx_t ioctx, const std::string& name) {
  rbd_image_t image = nullptr;
  if (Rbd().rbd_open_read_only(ioctx, name.c_str(), &image, nullptr) < 0) return false;
  CloseImage(image);
  return true;
}

// CreateTrashObject() makes the empty object that librbd keeps its trash in, even when the pool is full. It
// returns 0 or a negative errno.
int CreateTrashObject(rados_ioctx_t ioctx) {
  const RadosApi& rados = Rados();
  rados_write_op_t operation = rados.rados_create_write_op();
  rados.rados_write_op_create(operation, LIBRADOS_CREATE_IDEMPOTENT, nullptr);
  const int r =
      rados.rados_write_op_operate(operation, ioctx, "rbd_trash", nullptr, LIBRADOS_OPERATION_FULL_FORCE);
  rados.rados_release_write_op(operation);
  return r;
}

// Remove() makes up for a full pool. librbd removes by way of the trash. In a full pool that no image was
// ever removed from there is no trash object, making it is refused, and librbd answers ENOENT for an image
// that is there.
int Remove(rados_ioctx_t ioctx, const std::string& name, Task* task) {
  int r = Rbd().rbd_remove_with_progress(ioctx, name.c_str(), ReportProgress, task);
  if ((r == -ENOENT || r == -EDQUOT || r == -ENOSPC) && Exists(ioctx, name) &&
      CreateTrashObject(ioctx) >= 0) {
    r = Rbd().rbd_remove_with_progress(ioctx, name.c_str(), ReportProgress, task);
  }
  return r;
}

void RbdRemove(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), name](Task& task) {
    if (!RbdLoaded(task)) return;
    task.result = Remove(ioctx->ioctx(), name, &task);
  });
}

void RbdResize2(Call& call) {
  auto image = call.Handle<Image>();
  const uint64_t size = call.Uint64();
  const bool allow_shrink = call.Bool();
  call.Run(image, [image = image.get(), size, allow_shrink](Task& task) {
    task.result = Rbd().rbd_resize2(image->image(), size, allow_shrink, ReportProgress, &task);
    image->size().Forget();  // librbd's own notice may come later than its answer
  });
}

// RbdInvalidateCache() drops what is cached; with `stale` only where a compare-and-write needs it: librbd
// before Reef (1.18) answers reads from what its cache had before.
void RbdInvalidateCache(Call& call) {
  auto image = call.Handle<Image>();
  const bool stale = call.Bool();
  call.Run(image, [image = image.get(), stale](Task& task) {
    int major = 0;
    int minor = 0;
    int extra = 0;
    Rbd().rbd_version(&major, &minor, &extra);
    if (stale && (major > 1 || minor >= 18)) return;
    const int r = Rbd().rbd_invalidate_cache(image->image());
    // EBUSY means that what another write has put there meanwhile stays, and is not old.
    if (!stale || r != -EBUSY) task.result = r;
  });
}

constexpr Binding rows[] = {
    RBD(rbd_list2, IoCtx, OutList<rbd_image_spec_t, ImageSpec, &RbdApi::rbd_image_spec_list_cleanup>),
    RBD(rbd_create4, IoCtx, Str, Num<uint64_t>, ImageOptions),
    RBD(rbd_rename, IoCtx, Str, Str),
    RBD(rbd_sparsify_with_progress, Image, Num<size_t>, Progress),
    Long(RBD(rbd_update_features, Image, Num<uint64_t>, Flag<uint8_t>)),
    RBD(rbd_copy_with_progress4, Image, Ref<IoCtx>, Str, ImageOptions, Progress, Num<size_t>),
    RBD(rbd_deep_copy_with_progress, Image, Ref<IoCtx>, Str, ImageOptions, Progress),
};

}  // namespace

void ExportImageAdmin(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_remove_with_progress", RbdRemove, Length::kLong);
  ExportTask(env, exports, "rbd_resize2", RbdResize2, Length::kLong);
  ExportTask(env, exports, "rbd_invalidate_cache", RbdInvalidateCache);
}

}  // namespace rbdkit
