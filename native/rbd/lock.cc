// The managed exclusive lock of an image, and who holds a lock of any kind.
#include <cerrno>

#include "rbd/row.h"

namespace rbdkit {

namespace {

const char* ModeName(rbd_lock_mode_t mode) { return mode == RBD_LOCK_MODE_SHARED ? "shared" : "exclusive"; }

Value Mode(const rbd_lock_mode_t& mode) { return ModeName(mode); }

Value Owner(char* const& owner) { return owner; }

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
    std::vector<Value> list;
    for (size_t i = 0; i < lockers.clients.size(); ++i) {
      list.push_back(Value::Fields({{"client", lockers.clients[i]},
                                    {"cookie", lockers.cookies[i]},
                                    {"address", lockers.addresses[i]},
                                    {"mode", lockers.exclusive != 0 ? "exclusive" : "shared"}}));
    }
    task.value = Value::List(std::move(list));
  });
}

constexpr Binding rows[] = {
    Long(RBD(rbd_lock_acquire, Image, Num<rbd_lock_mode_t>)),
    RBD(rbd_lock_release, Image),
    Long(RBD(rbd_lock_break, Image, Num<rbd_lock_mode_t>, Str)),
    RBD(rbd_is_exclusive_lock_owner, Image, Out<int, Truth<int>>),
    // Undefined: nobody holds it.
    RBD(rbd_lock_get_owners, Image, Out<rbd_lock_mode_t, Mode>,
        OutList<char*, Owner, &RbdApi::rbd_lock_get_owners_cleanup>, NoneIf<ENOENT>),
};

}  // namespace

void ExportLock(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_list_lockers", RbdListLockers);
}

}  // namespace rbdkit
