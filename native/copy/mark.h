// A Mark says how far a copy has got for good.
#ifndef RBDKIT_COPY_MARK_H_
#define RBDKIT_COPY_MARK_H_

#include <cstdint>

namespace rbdkit::copy {

// With a Mark everything below `offset` of the source's layer is durable in the destination, and all layers
// before it.
struct Mark {
  uint64_t layer = 0;
  uint64_t before = 0;  // bytes of the layers before
  uint64_t offset = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t objects_moved = 0;  // on the OSDs
  uint64_t bytes_moved = 0;
  uint32_t crc = 0;        // the CRC32C register over what is below in the layer (watermark.h)
  bool confirmed = false;  // that is all, and the source was what it had been: only the name is missing

  // durable() counts all layers.
  uint64_t durable() const { return before + offset; }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_MARK_H_
