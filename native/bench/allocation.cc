// Allocated() asks librbd for the objects of an image, all of them or a sample.
#include "bench/allocation.h"

#include <algorithm>
#include <cstdint>

#include "bench/random.h"
#include "ceph/migration.h"
#include "sys/rbd.h"

namespace rbdkit::bench {

namespace {

// A sample is so many requests, which may take no more than a fraction of a second.
constexpr uint64_t kSamples = 256;
// So many objects are asked for at once when the object map answers.
constexpr uint64_t kFastWindow = 1 << 18;
// The same sample for the same image, so that a refusal does not come and go.
constexpr uint64_t kSeed = 20240607;

// Adds the bytes of the objects in the range that exist.
int Add(rbd_image_t image, uint64_t offset, uint64_t length, uint64_t* bytes) {
  const auto add = [](uint64_t /*offset*/, size_t count, int exists, void* arg) {
    if (exists != 0) *static_cast<uint64_t*>(arg) += count;
    return 0;
  };
  return Rbd().rbd_diff_iterate2(image, nullptr, offset, length, 1, 1, add, bytes);
}

}  // namespace

int Allocated(rbd_image_t image, rados_ioctx_t ioctx, double* share) {
  rbd_image_info_t info;
  int r = Rbd().rbd_stat(image, &info, sizeof info);
  uint64_t stripe_count = 0;
  if (r >= 0) r = Rbd().rbd_get_stripe_count(image, &stripe_count);
  uint64_t features = 0;
  if (r >= 0) r = Rbd().rbd_get_features(image, &features);
  uint64_t flags = 0;
  if (r >= 0) r = Rbd().rbd_get_flags(image, &flags);
  if (r < 0) return r;
  *share = 1;
  if (info.size == 0) return 0;
  bool migrating = false;
  if (const copy::Error error = copy::FindMigration(image, ioctx, &migrating)) return error.result;
  if (migrating) return 0;
  const bool fast = (features & RBD_FEATURE_FAST_DIFF) != 0 &&
                    (flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0;
  // Whole stripes: fast diff of parts of an object was wrong before Ceph 16.2.8 (tracker 53784).
  const uint64_t stripe = info.obj_size * std::max<uint64_t>(1, stripe_count);
  const uint64_t stripes = (info.size + stripe - 1) / stripe;
  uint64_t found = 0;
  uint64_t asked = 0;
  if (fast || stripes <= kSamples) {
    const uint64_t window = stripe * (fast ? std::max<uint64_t>(1, kFastWindow * info.obj_size / stripe) : 1);
    for (uint64_t at = 0; at < info.size && r >= 0; at += window) {
      r = Add(image, at, std::min(window, info.size - at), &found);
    }
    asked = info.size;
  } else {
    Random random(kSeed);
    for (uint64_t i = 0; i < kSamples && r >= 0; ++i) {
      const uint64_t at = random.Below(stripes) * stripe;
      const uint64_t length = std::min(stripe, info.size - at);
      r = Add(image, at, length, &found);
      asked += length;
    }
  }
  if (r < 0) return r;
  *share = std::min(1.0, static_cast<double>(found) / static_cast<double>(asked));
  return 0;
}

}  // namespace rbdkit::bench
