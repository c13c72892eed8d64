// The managed exclusive lock of an image.
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

rbd_lock_mode_t LockMode(const std::string& mode) {
  return mode == "shared" ? RBD_LOCK_MODE_SHARED : RBD_LOCK_MODE_EXCLUSIVE;
}

void RbdLockAcquire(Call& call) {
  auto image = call.Handle<Image>();
  const rbd_lock_mode_t mode = LockMode(call.String());
  call.Run(image, [image = image.get(), mode](Task& task) {
    task.result = Rbd().rbd_lock_acquire(image->image(), mode);
  });
}

void RbdLockRelease(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image,
           [image = image.get()](Task& task) { task.result = Rbd().rbd_lock_release(image->image()); });
}

void RbdLockBreak(Call& call) {
  auto image = call.Handle<Image>();
  const rbd_lock_mode_t mode = LockMode(call.String());
  const std::string owner = call.String();
  call.Run(image, [image = image.get(), mode, owner](Task& task) {
    task.result = Rbd().rbd_lock_break(image->image(), mode, owner.c_str());
  });
}

void RbdIsExclusiveLockOwner(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    int owner = 0;
    task.result = Rbd().rbd_is_exclusive_lock_owner(image->image(), &owner);
    if (task.result >= 0) task.value = BoolValue(owner == 1);
  });
}

void RbdLockGetOwners(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    size_t count = 8;
    std::vector<char*> list;
    rbd_lock_mode_t mode = RBD_LOCK_MODE_EXCLUSIVE;
    do {
      list.resize(count);
      task.result = Rbd().rbd_lock_get_owners(image->image(), &mode, list.data(), &count);
    } while (task.result == -ERANGE);
    if (task.result == -ENOENT) {
      task.result = 0;  // nobody holds it
      count = 0;
    }
    if (task.result < 0) return;
    const std::vector<std::string> owners(list.begin(), list.begin() + static_cast<ptrdiff_t>(count));
    if (count > 0) Rbd().rbd_lock_get_owners_cleanup(list.data(), count);
    task.value = [owners, mode](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, owners.size());
      for (uint32_t i = 0; i < owners.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("owner", owners[i]);
        object.Set("mode", mode == RBD_LOCK_MODE_SHARED ? "shared" : "exclusive");
        array[i] = object;
      }
      return array;
    };
  });
}

}  // namespace

void ExportLock(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_lock_acquire", RbdLockAcquire);
  ExportTask(env, exports, "rbd_lock_release", RbdLockRelease);
  ExportTask(env, exports, "rbd_lock_break", RbdLockBreak);
  ExportTask(env, exports, "rbd_is_exclusive_lock_owner", RbdIsExclusiveLockOwner);
  ExportTask(env, exports, "rbd_lock_get_owners", RbdLockGetOwners);
}

}  // namespace rbdkit
