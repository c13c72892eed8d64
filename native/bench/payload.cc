// Payload makes the bytes that are written; Stamp writes its fields at the beginning of each grain and checks
// them.
#include "bench/payload.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "disk/crc32c.h"

namespace rbdkit::bench {

Payload::Payload(size_t largest, double compressible, uint64_t seed)
    : size_((kPoolSize + largest + kCompressChunk - 1) / kCompressChunk * kCompressChunk),
      bytes_(static_cast<char*>(std::aligned_alloc(kCompressChunk, size_)), std::free) {
  if (!bytes_) throw std::bad_alloc();
  Random random(seed, 0x7061796c6f6164);
  const auto dense = static_cast<size_t>((100 - compressible) / 100 * kCompressChunk) / 8 * 8;
  for (size_t chunk = 0; chunk < size_; chunk += kCompressChunk) {
    for (size_t i = 0; i < dense; i += 8) {
      const uint64_t word = random.Next();
      memcpy(bytes_.get() + chunk + i, &word, 8);
    }
    memset(bytes_.get() + chunk + dense, 0, kCompressChunk - dense);
  }
}

const char* Payload::Take(Random& random, size_t length) const {
  // Whole chunks of compressible data only begin at a chunk; the alignment does for dense data too.
  const size_t step = length >= kCompressChunk ? kCompressChunk : kAlignment;
  return bytes_.get() + random.Below((size_ - length) / step + 1) * step;
}

struct Stamp::Fields {
  uint64_t magic;
  uint64_t seed;
  uint64_t image;
  uint64_t offset;
  uint64_t count;
  uint32_t length;
  uint32_t crc;  // of all the bytes, this field as 0
};

namespace {

constexpr uint64_t kMagic = 0x31646e656274696b;  // "kitbend1"

uint32_t Checksum(const char* data, size_t length) { return copy::Crc32cUpdate(0xffffffff, data, length); }

}  // namespace

void Stamp::Write(char* data, uint64_t offset, size_t length, uint64_t count) const {
  static_assert(sizeof(Fields) == kSize);
  for (size_t at = 0; at < length; at += grain_) {
    const size_t part = std::min<size_t>(grain_, length - at);
    if (part < kSize) return;
    Fields fields{kMagic, seed_, image_, offset + at, count, static_cast<uint32_t>(part), 0};
    memcpy(data + at, &fields, kSize);
    fields.crc = Checksum(data + at, part);
    memcpy(data + at, &fields, kSize);
  }
}

std::string Stamp::Check(const char* data, uint64_t offset, size_t length) const {
  for (size_t at = 0; at < length; at += grain_) {
    const size_t part = std::min<size_t>(grain_, length - at);
    if (part < kSize) return "";
    Fields fields;
    memcpy(&fields, data + at, kSize);
    const std::string where = " at byte " + std::to_string(offset + at);
    if (fields.magic != kMagic) return "no stamp" + where + ": it was not written by a run with `verify`";
    if (fields.seed != seed_) return "the stamp of another seed" + where;
    if (fields.image != image_) return "the stamp of another image" + where;
    if (fields.offset != offset + at) {
      return "a block" + where + " that was written at byte " + std::to_string(fields.offset);
    }
    if (fields.length != part) return "a block of another size" + where;
    // The stored checksum goes in as it was computed: over zeros in its place.
    const uint32_t stored = fields.crc;
    fields.crc = 0;
    uint32_t crc = copy::Crc32cUpdate(0xffffffff, &fields, kSize);
    crc = copy::Crc32cUpdate(crc, data + at + kSize, part - kSize);
    if (crc != stored)
      return "a wrong checksum" + where + ", written as number " + std::to_string(fields.count);
  }
  return "";
}

}  // namespace rbdkit::bench
