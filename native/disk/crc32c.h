// These functions compute CRC32C (Castagnoli), whole or in parts.
#ifndef RBDKIT_DISK_CRC32C_H_
#define RBDKIT_DISK_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace rbdkit::copy {

// Crc32cUpdate() gives the CRC register after `length` bytes, without inversion before or after. It is
// linear: a register of 0 stays 0 over zeros.
uint32_t Crc32cUpdate(uint32_t crc, const void* data, size_t length);

// Crc32cUpdatePortable() does the same without the processor's instruction.
uint32_t Crc32cUpdatePortable(uint32_t crc, const void* data, size_t length);

// Crc32cZeros() gives the register after `length` zero bytes, in time logarithmic in `length`.
uint32_t Crc32cZeros(uint32_t crc, uint64_t length);

// Crc32cCombine() gives the CRC32C of `size` bytes from their parts in any order: `parts` is the exclusive or
// of Crc32cZeros(Crc32cUpdate(0, part), bytes after the part). Parts that are zero contribute nothing, so
// they need not be read.
uint32_t Crc32cCombine(uint32_t parts, uint64_t size);

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_CRC32C_H_
