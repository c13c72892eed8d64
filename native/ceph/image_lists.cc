#include "ceph/image_lists.h"

#include <algorithm>

#include "sys/rbd.h"
#include "sys/until_it_fits.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kPage = 256;

// Metadata is an image's, or a pool's: the functions of librbd have one shape.
struct ImageMetadata {
  rbd_image_t of;
  static constexpr const char* kGet = "rbd_metadata_get";
  static constexpr const char* kList = "rbd_metadata_list";
  auto get() const { return Rbd().rbd_metadata_get; }
  auto list() const { return Rbd().rbd_metadata_list; }
};
struct PoolMetadata {
  rados_ioctx_t of;
  static constexpr const char* kGet = "rbd_pool_metadata_get";
  static constexpr const char* kList = "rbd_pool_metadata_list";
  auto get() const { return Rbd().rbd_pool_metadata_get; }
  auto list() const { return Rbd().rbd_pool_metadata_list; }
};

template <typename MetadataOf>
Error ReadValue(const MetadataOf& of, const std::string& key, std::string* value) {
  Room<> room(4096);
  const int r = UntilItFits([&] { return of.get()(of.of, key.c_str(), room.data(), &room.size); }, room);
  if (r < 0) return Error(r, MetadataOf::kGet);
  *value = room.text();
  return {};
}

// The pairs after the key `start`, appended; a page has `most` of them, the last one fewer.
template <typename MetadataOf>
Error ListPage(const MetadataOf& of, const std::string& start, uint64_t most, Metadata* metadata) {
  Room<> keys(16384);
  Room<> values(65536);
  const int r = UntilItFits(
      [&] {
        return of.list()(of.of, start.c_str(), most, keys.data(), &keys.size, values.data(), &values.size);
      },
      keys, values);
  if (r < 0) return Error(r, MetadataOf::kList);
  const auto names = keys.texts();
  auto texts = values.texts();
  // librbd copies a byte too many instead of ending each value with NUL: what follows it in its memory. When
  // that shows, the values are read one by one.
  if (texts.size() != names.size() || (values.size > 0 && values[values.size - 1] != '\0')) {
    texts.assign(names.size(), "");
    for (size_t i = 0; i < names.size(); ++i) {
      const Error error = ReadValue(of, names[i], &texts[i]);
      if (error && error.result != -ENOENT) return error;
    }
  }
  for (size_t i = 0; i < names.size(); ++i) metadata->emplace_back(names[i], texts[i]);
  return {};
}

// At most `most` pairs (0: all) after the key `start`, appended.
template <typename MetadataOf>
Error ListPairs(const MetadataOf& of, const std::string& start, uint64_t most, Metadata* metadata) {
  std::string last = start;
  for (uint64_t left = most == 0 ? UINT64_MAX : most; left > 0;) {
    const size_t before = metadata->size();
    const uint64_t page = std::min<uint64_t>(kPage, left);
    if (Error error = ListPage(of, last, page, metadata)) return error;
    const size_t found = metadata->size() - before;
    if (found < page) break;
    last = metadata->back().first;
    left -= found;
  }
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
  return ListMetadataAfter(image, "", 0, metadata);
}

Error ListMetadataAfter(rbd_image_t image, const std::string& start, uint64_t most, Metadata* metadata) {
  return ListPairs(ImageMetadata{image}, start, most, metadata);
}

Error ListPoolMetadata(rados_ioctx_t ioctx, const std::string& start, uint64_t most, Metadata* metadata) {
  return ListPairs(PoolMetadata{ioctx}, start, most, metadata);
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
