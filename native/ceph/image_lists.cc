#include "ceph/image_lists.h"

#include "sys/rbd.h"
#include "sys/until_it_fits.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kPage = 256;

Error ReadValue(rbd_image_t image, const std::string& key, std::string* value) {
  Room<> room(4096);
  const int r =
      UntilItFits([&] { return Rbd().rbd_metadata_get(image, key.c_str(), room.data(), &room.size); }, room);
  if (r < 0) return Error(r, "rbd_metadata_get");
  *value = room.text();
  return {};
}

// The pairs after the key `start`, appended; a page has kPage of them, the last one fewer.
Error ListPage(rbd_image_t image, const std::string& start, Metadata* metadata) {
  Room<> keys(16384);
  Room<> values(65536);
  const int r = UntilItFits(
      [&] {
        return Rbd().rbd_metadata_list(image, start.c_str(), kPage, keys.data(), &keys.size, values.data(),
                                       &values.size);
      },
      keys, values);
  if (r < 0) return Error(r, "rbd_metadata_list");
  const auto names = keys.texts();
  auto texts = values.texts();
  // librbd copies a byte too many instead of ending each value with NUL: what follows it in its memory. When
  // that shows, the values are read one by one.
  if (texts.size() != names.size() || (values.size > 0 && values[values.size - 1] != '\0')) {
    texts.assign(names.size(), "");
    for (size_t i = 0; i < names.size(); ++i) {
      const Error error = ReadValue(image, names[i], &texts[i]);
      if (error && error.result != -ENOENT) return error;
    }
  }
  for (size_t i = 0; i < names.size(); ++i) metadata->emplace_back(names[i], texts[i]);
  return {};
}

}  // namespace

Error ListSnapshots(rbd_image_t image, std::vector<ListedSnapshot>* snapshots) {
  Room<rbd_snap_info_t, int> room(64);
  const int count = UntilItFits([&] { return Rbd().rbd_snap_list(image, room.data(), &room.size); }, room);
  if (count < 0) return Error(count, "rbd_snap_list");
  for (int i = 0; i < count; ++i) snapshots->push_back({room[i].id, room[i].size, room[i].name});
  if (count > 0) Rbd().rbd_snap_list_end(room.data());
  return {};
}

Error SnapshotName(rbd_image_t image, uint64_t id, std::string* name) {
  Room<> room(256);
  const int r =
      UntilItFits([&] { return Rbd().rbd_snap_get_name(image, id, room.data(), &room.size); }, room);
  if (r < 0) return Error(r, "rbd_snap_get_name");
  *name = room.text();
  return {};
}

Error ListWatchers(rbd_image_t image, std::vector<uint64_t>* clients) {
  Room<rbd_image_watcher_t> room(16);
  const int r = UntilItFits([&] { return Rbd().rbd_watchers_list(image, room.data(), &room.size); }, room);
  if (r < 0) return Error(r, "rbd_watchers_list");
  for (size_t i = 0; i < room.size; ++i) clients->push_back(static_cast<uint64_t>(room[i].id));
  Rbd().rbd_watchers_list_cleanup(room.data(), room.size);
  return {};
}

Error ListMetadata(rbd_image_t image, Metadata* metadata) {
  std::string last;
  size_t before;
  do {
    before = metadata->size();
    if (Error error = ListPage(image, last, metadata)) return error;
    if (metadata->size() > before) last = metadata->back().first;
  } while (metadata->size() - before == kPage);
  return {};
}

Error ListLockers(rbd_image_t image, Lockers* lockers) {
  int exclusive = 0;
  Room<> tag(256);
  Room<> clients(1024);
  Room<> cookies(1024);
  Room<> addresses(1024);
  const ssize_t count = UntilItFits(
      [&] {
        return Rbd().rbd_list_lockers(image, &exclusive, tag.data(), &tag.size, clients.data(), &clients.size,
                                      cookies.data(), &cookies.size, addresses.data(), &addresses.size);
      },
      tag, clients, cookies, addresses);
  if (count < 0) return Error(static_cast<int>(count), "rbd_list_lockers");
  *lockers = {};
  if (count == 0) return {};
  *lockers = {exclusive != 0, tag.text(), clients.texts(), cookies.texts(), addresses.texts()};
  for (const auto* texts : {&lockers->clients, &lockers->cookies, &lockers->addresses}) {
    if (texts->size() != static_cast<size_t>(count)) return Error(-EBADMSG, "rbd_list_lockers");
  }
  return {};
}

}  // namespace rbdkit::copy
