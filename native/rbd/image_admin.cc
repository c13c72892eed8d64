// Images of a pool: list, create, remove, rename, resize.
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/image_options.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

void RbdList2(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    if (!RbdLoaded(task)) return;
    size_t count = 1024;
    std::vector<rbd_image_spec_t> list;
    do {
      list.resize(count);
      task.result = Rbd().rbd_list2(ioctx->ioctx(), list.data(), &count);
    } while (task.result == -ERANGE);
    if (task.result < 0) return;
    std::vector<std::pair<std::string, std::string>> images;
    for (size_t i = 0; i < count; ++i) images.emplace_back(list[i].id, list[i].name);
    Rbd().rbd_image_spec_list_cleanup(list.data(), count);
    task.value = [images](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, images.size());
      for (uint32_t i = 0; i < images.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("id", images[i].first);
        object.Set("name", images[i].second);
        array[i] = object;
      }
      return array;
    };
  });
}

void RbdCreate4(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  const uint64_t size = call.Uint64();
  const ImageLayout layout = ImageLayout::From(call.Object());
  call.Run(ioctx, [ioctx = ioctx.get(), name, size, layout](Task& task) {
    if (!RbdLoaded(task)) return;
    const ImageOptions options(layout);
    task.result = Rbd().rbd_create4(ioctx->ioctx(), name.c_str(), size, options.get());
  });
}

// Whether librbd can open the image.
bool Exists(rados_ioctx_t ioctx, const std::string& name) {
  rbd_image_t image = nullptr;
  if (Rbd().rbd_open_read_only(ioctx, name.c_str(), &image, nullptr) < 0) return false;
  CloseImage(image);
  return true;
}

// Makes the empty object that librbd keeps its trash in, even when the pool is full. 0 or a negative errno.
int CreateTrashObject(rados_ioctx_t ioctx) {
  const RadosApi& rados = Rados();
  rados_write_op_t operation = rados.rados_create_write_op();
  rados.rados_write_op_create(operation, LIBRADOS_CREATE_IDEMPOTENT, nullptr);
  const int r =
      rados.rados_write_op_operate(operation, ioctx, "rbd_trash", nullptr, LIBRADOS_OPERATION_FULL_FORCE);
  rados.rados_release_write_op(operation);
  return r;
}

// librbd removes by way of the trash. In a full pool that no image was ever removed from there is no trash
// object, making it is refused, and librbd answers ENOENT for an image that is there.
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

void RbdRename(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string from = call.String();
  const std::string to = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), from, to](Task& task) {
    if (!RbdLoaded(task)) return;
    task.result = Rbd().rbd_rename(ioctx->ioctx(), from.c_str(), to.c_str());
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

// librbd before Reef (1.18) answers reads from what its cache had before a compare-and-write.
void RbdInvalidateCache(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    int major = 0;
    int minor = 0;
    int extra = 0;
    Rbd().rbd_version(&major, &minor, &extra);
    if (major > 1 || minor >= 18) return;
    const int r = Rbd().rbd_invalidate_cache(image->image());
    // EBUSY: what another write has put there meanwhile stays, and is not old.
    if (r != -EBUSY) task.result = r;
  });
}

}  // namespace

void ExportImageAdmin(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_list2", RbdList2);
  ExportTask(env, exports, "rbd_create4", RbdCreate4);
  ExportTask(env, exports, "rbd_remove_with_progress", RbdRemove, Length::kLong);
  ExportTask(env, exports, "rbd_rename", RbdRename);
  ExportTask(env, exports, "rbd_resize2", RbdResize2, Length::kLong);
  ExportTask(env, exports, "rbd_invalidate_cache", RbdInvalidateCache);
}

}  // namespace rbdkit
