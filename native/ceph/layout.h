// What an image is beside its data: how it is cut into objects, what it is a clone of, its snapshots and
// metadata.
#ifndef RBDKIT_CEPH_LAYOUT_H_
#define RBDKIT_CEPH_LAYOUT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rbdkit::copy {

// How an image is cut into objects.
struct ImageLayout {
  uint64_t object_size = 0;
  uint64_t stripe_unit = 0;
  uint64_t stripe_count = 0;
  uint64_t features = 0;
  bool old_format = false;  // 1, which knows no features
};

// A snapshot that a new image is to have.
struct SnapshotSpec {
  std::string name;
  bool is_protected = false;
};

// The snapshot that a clone is of: its content is the clone's up to `overlap`, where that has no objects.
struct Parent {
  std::string cluster;  // its fsid
  int64_t pool = -1;
  std::string name_space;
  std::string image;
  std::string id;  // the image's
  std::string snapshot;
  uint64_t snapshot_id = 0;
  uint64_t overlap = 0;
  int format = 1;  // of the clone: with 2 the snapshot need not be protected
};

// Keys and values.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_LAYOUT_H_
