// The managed exclusive lock of an image, and who holds a lock of any kind.
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

struct Lockers {
  int exclusive = 0;
  std::vector<std::string> clients;
  std::vector<std::string> cookies;
  std::vector<std::string> addresses;
};

// 0 or a negative errno.
int ListLockers(rbd_image_t image, Lockers* lockers) {
  size_t lengths[4] = {256, 1024, 1024, 1024};
  std::string tag;
  std::string clients;
  std::string cookies;
  std::string addresses;
  ssize_t r;
  do {
    tag.resize(lengths[0]);
    clients.resize(lengths[1]);
    cookies.resize(lengths[2]);
    addresses.resize(lengths[3]);
    r = Rbd().rbd_list_lockers(image, &lockers->exclusive, tag.data(), &lengths[0], clients.data(),
                               &lengths[1], cookies.data(), &lengths[2], addresses.data(), &lengths[3]);
  } while (r == -ERANGE);
  if (r <= 0) return static_cast<int>(r);
  lockers->clients = SplitNames(clients.data(), lengths[1]);
  lockers->cookies = SplitNames(cookies.data(), lengths[2]);
  lockers->addresses = SplitNames(addresses.data(), lengths[3]);
  const auto count = static_cast<size_t>(r);
  const bool whole = lockers->clients.size() == count && lockers->cookies.size() == count &&
                     lockers->addresses.size() == count;
  return whole ? 0 : -EBADMSG;
}

// librbd answers with the lockers of the time when it last read the header, and taking a lock does not make
// others read it again: only an image that was opened just now knows them.
int ListLockersAnew(const Image& image, Lockers* lockers) {
  rbd_image_t fresh = nullptr;
  char id[256];
  int r = Rbd().rbd_get_id(image.image(), id, sizeof(id));
  if (r >= 0) {
    r = Rbd().rbd_open_by_id_read_only(image.ioctx()->ioctx(), id, &fresh, nullptr);
  } else {
    std::string name;  // format 1: no id
    r = GetName(image.image(), &name);
    if (r >= 0) r = Rbd().rbd_open_read_only(image.ioctx()->ioctx(), name.c_str(), &fresh, nullptr);
  }
  if (r < 0) return r;
  r = ListLockers(fresh, lockers);
  CloseImage(fresh);
  return r;
}

void RbdListLockers(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    Lockers lockers;
    task.result = ListLockersAnew(*image, &lockers);
    if (task.result < 0) return;
    task.value = [lockers](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, lockers.clients.size());
      for (uint32_t i = 0; i < lockers.clients.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("client", lockers.clients[i]);
        object.Set("cookie", lockers.cookies[i]);
        object.Set("address", lockers.addresses[i]);
        object.Set("mode", lockers.exclusive != 0 ? "exclusive" : "shared");
        array[i] = object;
      }
      return array;
    };
  });
}

}  // namespace

void ExportLock(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_lock_acquire", RbdLockAcquire, Length::kLong);
  ExportTask(env, exports, "rbd_lock_release", RbdLockRelease);
  ExportTask(env, exports, "rbd_lock_break", RbdLockBreak, Length::kLong);
  ExportTask(env, exports, "rbd_is_exclusive_lock_owner", RbdIsExclusiveLockOwner);
  ExportTask(env, exports, "rbd_lock_get_owners", RbdLockGetOwners);
  ExportTask(env, exports, "rbd_list_lockers", RbdListLockers);
}

}  // namespace rbdkit
