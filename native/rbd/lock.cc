// This file binds the managed exclusive lock of an image and the advisory ones, and tells who holds which. It
// runs on the cluster's executors.
#include <cerrno>

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

const char* ModeName(rbd_lock_mode_t mode) { return mode == RBD_LOCK_MODE_SHARED ? "shared" : "exclusive"; }

Value Mode(const rbd_lock_mode_t& mode) { return ModeName(mode); }

Value Owner(char* const& owner) { return owner; }

// librbd answers with the lockers of the time when it last read the header, and taking a lock does not make
// others read it again: only an image that was opened just now knows them.
copy::Error ListLockersAnew(const Image& image, copy::Lockers* lockers) {
  std::string id;
  std::string name;
  if (copy::Error error = copy::ImageId(image.image(), &id)) return error;
  if (const int r = GetName(image.image(), &name); r < 0) return copy::Error(r, "rbd_get_name");
  copy::OpenImage fresh;
  if (copy::Error error = copy::OpenById(image.ioctx()->ioctx(), id, name, true, &fresh)) return error;
  return copy::ListLockers(fresh.get(), lockers);
}

void RbdListLockers(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    copy::Lockers lockers;
    task.result = ListLockersAnew(*image, &lockers).result;
    if (task.result < 0) return;
    std::vector<Value> list;
    for (size_t i = 0; i < lockers.clients.size(); ++i) {
      list.push_back(Value::Fields({{"client", lockers.clients[i]},
                                    {"cookie", lockers.cookies[i]},
                                    {"address", lockers.addresses[i]},
                                    {"mode", lockers.exclusive ? "exclusive" : "shared"},
                                    {"tag", lockers.tag}}));
    }
    task.value = Value::List(std::move(list));
  });
}

constexpr Binding rows[] = {
    Long(RBD(rbd_lock_acquire, Image, Num<rbd_lock_mode_t>)),
    RBD(rbd_lock_release, Image),
    Long(RBD(rbd_lock_break, Image, Num<rbd_lock_mode_t>, Str)),
    RBD(rbd_lock_exclusive, Image, Str),
    RBD(rbd_lock_shared, Image, Str, Str),
    RBD(rbd_unlock, Image, Str),
    RBD(rbd_break_lock, Image, Str, Str),
    RBD(rbd_is_exclusive_lock_owner, Image, Out<int, Truth<int>>),
    // The value is undefined when nobody holds the lock.
    RBD(rbd_lock_get_owners, Image, Out<rbd_lock_mode_t, Mode>,
        OutList<char*, Owner, &RbdApi::rbd_lock_get_owners_cleanup>, NoneIf<ENOENT>),
};

}  // namespace

void ExportLock(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_list_lockers", RbdListLockers);
}

}  // namespace rbdkit
