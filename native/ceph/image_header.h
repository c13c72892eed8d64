// An ImageHeader is what the header of an image of format 2 says: the keys of its omap, which the OSDs' class
// `rbd` writes and reads, and the attribute that the class `lock` keeps (src/cls/rbd/cls_rbd.cc and
// cls_rbd.h, src/cls/lock/cls_lock.cc of Ceph). Decoding blocks nowhere.
#ifndef RBDKIT_CEPH_IMAGE_HEADER_H_
#define RBDKIT_CEPH_IMAGE_HEADER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rbdkit::copy {

struct HeaderSnapshot {
  uint64_t id = 0;
  std::string name;
  uint64_t size = 0;
  double created = 0;  // in milliseconds since 1970
  uint32_t space = 0;  // rbd_snap_namespace_type_t
  bool is_protected = false;
  uint64_t flags = 0;
};

struct HeaderParent {
  int64_t pool = -1;
  std::string name_space;
  std::string id;
  uint64_t snapshot = 0;
};

struct HeaderLocker {
  std::string client;
  std::string cookie;
  bool exclusive = false;
};

struct ImageHeader {
  // The keys of the omap that Set() reads; snapshots have keys that begin with kSnapshotPrefix.
  static constexpr const char* kKeys[] = {
      "size",         "order",  "features",      "flags", "stripe_count", "create_timestamp",
      "data_pool_id", "parent", "rbd_group_ref",
  };
  static constexpr const char* kSnapshotPrefix = "snapshot_";
  static constexpr const char* kLockAttribute = "lock.rbd_lock";

  // These return false for a value that does not have the form that it must have.
  bool Set(std::string_view key, std::string_view value);
  bool AddSnapshot(std::string_view value);
  bool SetLock(std::string_view value);
  // Whether it says what no header is without.
  bool complete() const { return size && order; }

  std::optional<uint64_t> size;
  std::optional<uint8_t> order;
  uint64_t features = 0;
  uint64_t flags = 0;
  uint64_t stripe_count = 1;
  std::optional<double> created;  // in milliseconds since 1970
  int64_t data_pool = -1;         // -1: the image's own
  // A snapshot of a flattened image may need the parent still, of which the image itself has nothing then.
  std::optional<HeaderParent> parent;
  uint64_t overlap = 0;
  std::optional<std::pair<int64_t, std::string>> group;  // its pool and id
  std::vector<HeaderLocker> lockers;
  std::vector<HeaderSnapshot> snapshots;  // oldest first
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_HEADER_H_
