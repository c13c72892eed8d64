// A Span is the piece of the source that is copied at a time; a Sifter says what is to be written of it.
// Workers use both.
#ifndef RBDKIT_COPY_ENGINE_SPAN_H_
#define RBDKIT_COPY_ENGINE_SPAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "disk/sparse.h"

namespace rbdkit::copy {

// Units are aligned in the image, so that no two spans share an object of the usual size.
inline constexpr size_t kUnitSize = size_t{4} << 20;

// A Part is data, which has its place in the span's buffer, or zeros.
struct Part {
  uint64_t offset;  // in the image
  uint64_t length;
  bool data;
  uint64_t end() const { return offset + length; }
};

struct Span {
  uint64_t sequence = 0;  // 0, 1, 2, ... in ascending order of `offset`
  uint64_t offset = 0;
  uint64_t length = 0;  // at most kUnitSize, unless all of it is zeros
  std::vector<Part> parts;

  // At() gives the bytes of `part` in the span's buffer, which begins at `offset`.
  template <typename Byte>
  Byte* At(Byte* buffer, const Part& part) const {
    return buffer + (part.offset - offset);
  }
};

// Sift() finds what is to be written of a span that has been read. Zeros of at least `smallest_hole` in its
// data are left out, or with `zeros` are parts of their own. It replaces what `writes` held.
class Sifter {
 public:
  void Sift(const Span& span, const char* buffer, size_t smallest_hole, bool zeros,
            std::vector<Part>* writes);

 private:
  std::vector<Piece> pieces_;
};

// DigestSpan() gives the CRC32C register (crc32c.h) over the span, beginning with 0. What `writes` leaves out
// counts as zeros.
uint32_t DigestSpan(const Span& span, const char* buffer, const std::vector<Part>& writes);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_SPAN_H_
