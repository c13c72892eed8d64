// These functions read numbers as qcow2 stores them, with the highest byte first.
#ifndef RBDKIT_DISK_BIG_ENDIAN_H_
#define RBDKIT_DISK_BIG_ENDIAN_H_

#include <endian.h>

#include <cstdint>
#include <cstring>

namespace rbdkit::copy {

inline uint32_t BigEndian32(const char* bytes) {
  uint32_t value = 0;
  memcpy(&value, bytes, sizeof value);
  return be32toh(value);
}

inline uint64_t BigEndian64(const char* bytes) {
  uint64_t value = 0;
  memcpy(&value, bytes, sizeof value);
  return be64toh(value);
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_BIG_ENDIAN_H_
