// A Watermark knows how far a copy is without a gap, and the checksum up to there.
#ifndef RBDKIT_COPY_ENGINE_WATERMARK_H_
#define RBDKIT_COPY_ENGINE_WATERMARK_H_

#include <cstdint>
#include <map>

#include "copy/engine/span.h"
#include "copy/mark.h"
#include "disk/crc32c.h"

namespace rbdkit::copy {

// Spans end out of order. The engine's lock guards a Watermark.
class Watermark {
 public:
  // Begin() is called before anything is retired, with where an earlier copy had got to.
  void Begin(const Mark& mark) { mark_ = mark; }

  // `crc` is DigestSpan() of the span.
  void Retire(const Span& span, uint32_t crc, uint64_t bytes_read, uint64_t bytes_written) {
    retired_.emplace(span.sequence, Retired{span.offset, span.length, crc, bytes_read, bytes_written});
    for (auto next = retired_.begin(); next != retired_.end() && next->first == sequence_;
         next = retired_.erase(next), ++sequence_) {
      const Retired& r = next->second;
      mark_.crc = Crc32cZeros(mark_.crc, r.offset + r.length - mark_.offset) ^ r.crc;
      mark_.offset = r.offset + r.length;
      mark_.bytes_read += r.bytes_read;
      mark_.bytes_written += r.bytes_written;
    }
  }

  // All before the mark's offset is written, or needs nothing.
  const Mark& mark() const { return mark_; }
  // End() is called when everything is retired; the mark is at the end of a disk of `size` bytes then.
  void End(uint64_t size) {
    mark_.crc = Crc32cZeros(mark_.crc, size - mark_.offset);
    mark_.offset = size;
  }
  // AddMoved() adds, after End(), what got there otherwise. `crc` is a part for Crc32cCombine().
  void AddMoved(uint64_t objects, uint64_t bytes, uint32_t crc) {
    mark_.objects_moved = objects;
    mark_.bytes_moved = bytes;
    mark_.crc ^= crc;
  }

 private:
  struct Retired {
    uint64_t offset;
    uint64_t length;
    uint32_t crc;
    uint64_t bytes_read;
    uint64_t bytes_written;
  };
  std::map<uint64_t, Retired> retired_;  // beyond a gap
  uint64_t sequence_ = 0;
  Mark mark_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_WATERMARK_H_
