// This file declares a part of a disk, and an asynchronous read or write of one.
#ifndef RBDKIT_DISK_EXTENT_H_
#define RBDKIT_DISK_EXTENT_H_

#include <cstdint>

namespace rbdkit::copy {

// An Operation is an asynchronous read or write. The endpoint calls Complete() exactly once, also when it
// could not start, from any thread, before or after the starting call returns. The engine only queues there.
class Operation {
 public:
  // `result` is the number of bytes moved (reads), >= 0 (writes) or a negative errno.
  virtual void Complete(int64_t result) = 0;

 protected:
  ~Operation() = default;
};

enum class Content : uint8_t {
  kHole,  // reads as zeros
  kData,
  kSame,  // only in differences: as it was before, so the destination keeps what it has
};

// An Extent is a part of the source.
struct Extent {
  uint64_t offset = 0;
  uint64_t length = 0;
  Content content = Content::kHole;
  uint64_t end() const { return offset + length; }
};

// kUnknownSize is the size of a source whose end has not been seen.
inline constexpr uint64_t kUnknownSize = UINT64_MAX;

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_EXTENT_H_
