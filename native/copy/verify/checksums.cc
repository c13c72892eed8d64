// Registers are changed by atomic operations, so any thread adds.
#include "copy/verify/checksums.h"

#include <algorithm>

#include "disk/crc32c.h"

namespace rbdkit::copy {

Checksums::Checksums(const Layout& layout, uint64_t size)
    : layout_(layout),
      striping_(layout),
      count_(std::clamp<uint64_t>(ObjectCount(size), 1, kMaxObjects)),
      memory_(count_ * sizeof(uint32_t), 1),
      registers_(reinterpret_cast<uint32_t*>(memory_.Take())) {}

void Checksums::Add(uint64_t offset, const char* data, size_t length) {
  while (length > 0) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(length, striping_.At(offset).length));
    AddPiece(offset, Crc32cUpdate(0, data, part), part);
    offset += part;
    data += part;
    length -= part;
  }
}

void Checksums::AddPiece(uint64_t offset, uint32_t crc, uint64_t length) {
  const Place place = striping_.At(offset);
  AddObject(place.object, Crc32cZeros(crc, layout_.object_size - place.offset - length), layout_.object_size);
}

void Checksums::AddObject(uint64_t object, uint32_t crc, uint64_t length) {
  if (object >= count_) return;
  __atomic_fetch_xor(&registers_[object], Crc32cZeros(crc, layout_.object_size - length), __ATOMIC_RELAXED);
}

}  // namespace rbdkit::copy
