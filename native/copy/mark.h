// How far a copy has got for good.
#ifndef RBDKIT_COPY_MARK_H_
#define RBDKIT_COPY_MARK_H_

#include <cstdint>

namespace rbdkit::copy {

// Everything below `offset` of the source is durable in the destination.
struct Mark {
  uint64_t offset = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint32_t crc = 0;        // the CRC32C register over what is below (watermark.h)
  bool confirmed = false;  // that is all, and the source was what it had been: only the name is missing
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_MARK_H_
