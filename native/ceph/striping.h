// Striping computes which object of an image holds which of its bytes.
#ifndef RBDKIT_CEPH_STRIPING_H_
#define RBDKIT_CEPH_STRIPING_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "ceph/layout.h"

namespace rbdkit::copy {

// A Place is in one piece both in the image and in an object.
struct Place {
  uint64_t object;
  uint64_t offset;  // in the object
  uint64_t length;  // to the end of the piece
};

// These are the limits of what new images may have; lib/rbd/layout.ts has the same. librbd takes much more,
// and cannot compute with all that it takes (docs/decisions/0024). The limits are far beyond what is of use,
// and far inside what librbd computes with.
inline constexpr uint64_t kMinStripeUnit = 512;
inline constexpr uint64_t kMaxStripeUnit = 32 << 20;  // the largest object
inline constexpr uint64_t kMaxStripeCount = 4096;

// StripingObstacle() says why an image is not made with this; empty: nothing is wrong.
inline std::string StripingObstacle(std::optional<uint64_t> unit, std::optional<uint64_t> count) {
  // Zeros are what librbd takes for none.
  if (count && *count > kMaxStripeCount) {
    return "a stripe count of " + std::to_string(*count) + ", which is more than " +
           std::to_string(kMaxStripeCount);
  }
  if (unit && *unit != 0 && (*unit < kMinStripeUnit || *unit > kMaxStripeUnit)) {
    return "a stripe unit of " + std::to_string(*unit) + " bytes, which is not from " +
           std::to_string(kMinStripeUnit) + " to " + std::to_string(kMaxStripeUnit);
  }
  return "";
}

// Striping is that of Ceph's architecture documentation, "Data Striping".
class Striping {
 public:
  explicit Striping(const Layout& layout)
      : object_size_(layout.object_size),
        // Without striping an object is one piece, whatever the stripe unit.
        piece_(layout.stripe_count == 1 ? layout.object_size : layout.stripe_unit),
        count_(layout.stripe_count) {}

  uint64_t piece() const { return piece_; }

  // ObjectCount() gives how many objects an image of `size` bytes may have.
  uint64_t ObjectCount(uint64_t size) const {
    const uint64_t set = object_size_ * count_;  // objects that are filled together
    const uint64_t sets = size / set + (size % set > 0 ? 1 : 0);
    return sets > UINT64_MAX / count_ ? UINT64_MAX : sets * count_;
  }

  Place At(uint64_t offset) const {
    const uint64_t in_piece = offset % piece_;
    const uint64_t block = offset / piece_;
    const uint64_t stripe = block / count_;
    const uint64_t stripes = object_size_ / piece_;  // in an object
    return {stripe / stripes * count_ + block % count_, stripe % stripes * piece_ + in_piece,
            piece_ - in_piece};
  }

  // Offset() gives where in the image the piece at `offset` of an object begins.
  uint64_t Offset(uint64_t object, uint64_t offset) const {
    const uint64_t stripe = object / count_ * (object_size_ / piece_) + offset / piece_;
    return (stripe * count_ + object % count_) * piece_ + offset % piece_;
  }

  // BytesIn() gives how many bytes of an image of `size` bytes an object holds. They are its first.
  uint64_t BytesIn(uint64_t object, uint64_t size) const {
    uint64_t bytes = 0;
    while (bytes < object_size_) {
      const uint64_t at = Offset(object, bytes);
      if (at >= size) break;
      bytes += std::min(piece_, size - at);
    }
    return bytes;
  }

 private:
  const uint64_t object_size_;
  const uint64_t piece_;
  const uint64_t count_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_STRIPING_H_
