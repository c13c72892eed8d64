// A Moved knows what of a source has reached the destination without being read.
#ifndef RBDKIT_COPY_ENGINE_MOVED_H_
#define RBDKIT_COPY_ENGINE_MOVED_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ceph/striping.h"
#include "copy/endpoint.h"

namespace rbdkit::copy {

// A Moved knows whole objects. It is not thread-safe.
class Moved {
 public:
  Moved(const Layout& layout, uint64_t size) : striping_(layout), objects_(striping_.ObjectCount(size)) {}

  void Add(uint64_t object) { objects_[object] = true; }

  // Cut() shortens data of the source to what has been moved, which is the same then, or to what has not.
  void Cut(Extent* extent) const {
    if (extent->content != Content::kData) return;
    uint64_t at = extent->offset;
    const bool moved = objects_[striping_.At(at).object];
    do {
      at += striping_.At(at).length;
    } while (at < extent->end() && objects_[striping_.At(at).object] == moved);
    extent->length = std::min(extent->end(), at) - extent->offset;
    if (moved) extent->content = Content::kSame;
  }

 private:
  const Striping striping_;
  std::vector<bool> objects_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_MOVED_H_
