// These functions find the zeros in what was read. The engine's threads call them.
#ifndef RBDKIT_DISK_SPARSE_H_
#define RBDKIT_DISK_SPARSE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rbdkit::copy {

// Zeros are looked for in aligned pieces of this size.
inline constexpr size_t kGrain = 4096;

// A Piece of a buffer is to be written.
struct Piece {
  size_t offset;  // in the buffer
  size_t length;
};

bool IsZero(const char* data, size_t length);

// FindData() gives the pieces of `buffer` that are not zero. `position` is where the buffer begins in the
// image, for grains are aligned there. Pieces whose gap is shorter than `smallest_hole` are joined. It
// replaces what `pieces` held.
void FindData(const char* buffer, size_t length, uint64_t position, size_t smallest_hole,
              std::vector<Piece>* pieces);

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_SPARSE_H_
