// Zeros are found by glibc's memcmp.
#include "disk/sparse.h"

#include <algorithm>
#include <cstring>

namespace rbdkit::copy {

bool IsZero(const char* data, size_t length) {
  constexpr size_t kHead = 16;
  for (size_t i = 0; i < std::min(length, kHead); ++i) {
    if (data[i] != 0) return false;
  }
  // Every byte equals the one 16 before it, and the first 16 are zero: glibc's memcmp uses the widest
  // vectors.
  return length <= kHead || memcmp(data, data + kHead, length - kHead) == 0;
}

void FindData(const char* buffer, size_t length, uint64_t position, size_t smallest_hole,
              std::vector<Piece>* pieces) {
  pieces->clear();
  size_t offset = 0;
  while (offset < length) {
    const size_t grain = std::min<size_t>(length - offset, kGrain - (position + offset) % kGrain);
    if (!IsZero(buffer + offset, grain)) {
      const bool joins =
          !pieces->empty() && (offset == pieces->back().offset + pieces->back().length ||
                               offset - (pieces->back().offset + pieces->back().length) < smallest_hole);
      if (joins) {
        pieces->back().length = offset + grain - pieces->back().offset;
      } else {
        pieces->push_back({offset, grain});
      }
    }
    offset += grain;
  }
}

}  // namespace rbdkit::copy
