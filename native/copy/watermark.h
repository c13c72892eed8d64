// How far a copy is without a gap, and the checksum up to there.
#ifndef RBDKIT_COPY_WATERMARK_H_
#define RBDKIT_COPY_WATERMARK_H_

#include <cstdint>
#include <map>

#include "copy/crc32c.h"
#include "copy/span.h"

namespace rbdkit::copy {

// Spans end out of order; guarded by the engine's lock.
class Watermark {
 public:
  Watermark() = default;
  // `crc`: the register over [0, position).
  Watermark(uint64_t position, uint32_t crc) : position_(position), crc_(crc) {}

  // `crc`: DigestSpan() of it.
  void Retire(const Span& span, uint32_t crc) {
    retired_.emplace(span.sequence, Retired{span.offset, span.length, crc});
    for (auto next = retired_.begin(); next != retired_.end() && next->first == sequence_;
         next = retired_.erase(next), ++sequence_) {
      const Retired& r = next->second;
      crc_ = Crc32cZeros(crc_, r.offset + r.length - position_) ^ r.crc;
      position_ = r.offset + r.length;
    }
  }

  // All before this is written, or needs nothing.
  uint64_t position() const { return position_; }
  // The CRC32C register (crc32c.h) over [0, end), with nothing after position() but zeros.
  uint32_t Register(uint64_t end) const { return Crc32cZeros(crc_, end - position_); }
  // The CRC32C of a disk of `size` bytes; everything is retired.
  uint32_t Crc(uint64_t size) const { return Crc32cCombine(Register(size), size); }

 private:
  struct Retired {
    uint64_t offset;
    uint64_t length;
    uint32_t crc;
  };
  std::map<uint64_t, Retired> retired_;  // beyond a gap
  uint64_t sequence_ = 0;
  uint64_t position_ = 0;
  uint32_t crc_ = 0;  // register over [0, position_)
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_WATERMARK_H_
