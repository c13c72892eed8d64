// Sift() finds what is to be written of a span; DigestSpan() computes its checksum.
#include "copy/engine/span.h"

#include <algorithm>

#include "disk/crc32c.h"

namespace rbdkit::copy {

void Sifter::Sift(const Span& span, const char* buffer, size_t smallest_hole, bool zeros,
                  std::vector<Part>* writes) {
  writes->clear();
  for (const Part& part : span.parts) {
    if (!part.data) {
      writes->push_back(part);
      continue;
    }
    FindData(span.At(buffer, part), part.length, part.offset, smallest_hole, &pieces_);
    uint64_t at = part.offset;
    for (const Piece& piece : pieces_) {
      uint64_t begin = part.offset + piece.offset;
      const uint64_t end = begin + piece.length;
      if (zeros && at < begin) {
        // A few zeros before the first piece are written with it.
        if (begin - at < smallest_hole) {
          begin = at;
        } else {
          writes->push_back({at, begin - at, false});
        }
      }
      writes->push_back({begin, end - begin, true});
      at = end;
    }
    if (!zeros || at == part.end()) continue;
    if (!pieces_.empty() && part.end() - at < smallest_hole) {
      writes->back().length = part.end() - writes->back().offset;
    } else {
      writes->push_back({at, part.end() - at, false});
    }
  }
}

uint32_t DigestSpan(const Span& span, const char* buffer, const std::vector<Part>& writes) {
  uint32_t crc = 0;
  uint64_t at = span.offset;
  for (const Part& part : writes) {
    if (!part.data) continue;
    crc = Crc32cUpdate(Crc32cZeros(crc, part.offset - at), span.At(buffer, part), part.length);
    at = part.end();
  }
  return Crc32cZeros(crc, span.offset + span.length - at);
}

}  // namespace rbdkit::copy
