// These structures say what an image is beside its data: how it is cut into objects, what it is a clone of,
// its snapshots and metadata.
#ifndef RBDKIT_CEPH_LAYOUT_H_
#define RBDKIT_CEPH_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rbdkit::copy {

// An ImageLayout says how an image is cut into objects.
struct Layout {
  uint64_t object_size = 0;
  uint64_t stripe_unit = 0;
  uint64_t stripe_count = 0;
  uint64_t features = 0;
  bool old_format = false;  // 1, which knows no features
};

// What is asked for of a new image. What is not given is librbd's default.
struct LayoutRequest {
  std::optional<uint64_t> format;  // of the image: 1 or 2
  std::optional<uint64_t> order;   // objects of 2^order bytes
  std::optional<uint64_t> features;
  std::optional<uint64_t> stripe_unit;
  std::optional<uint64_t> stripe_count;
  std::optional<uint64_t> clone_format;
  std::optional<std::string> data_pool;
  std::optional<uint64_t> features_set;    // beside the default ones
  std::optional<uint64_t> features_clear;  // of the default ones
  std::optional<uint64_t> journal_order;
  std::optional<uint64_t> journal_splay_width;
  std::optional<std::string> journal_pool;
  std::optional<uint64_t> mirror_image_mode;
  std::optional<uint64_t> flatten;  // of a deep copy or a migration: no parent
};

// What `request` leaves open as `like` has it. Its stripes belong to its objects: they are taken where
// nothing of how the image is cut is asked for.
LayoutRequest Completed(LayoutRequest request, const LayoutRequest& like);

// A request as librbd takes it: an rbd_image_options_t, which destroys itself. After librbd is loaded; any
// thread.
std::shared_ptr<void> ToImageOptions(const LayoutRequest& request);

// A snapshot that a new image is to have.
struct SnapshotSpec {
  std::string name;
  bool is_protected = false;
};

// A Parent is the snapshot that a clone is of. Its content is the clone's up to `overlap`, where the clone
// has no objects.
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

// Metadata is keys and values.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_LAYOUT_H_
