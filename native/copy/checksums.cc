#include "copy/checksums.h"

#include <algorithm>

#include "copy/crc32c.h"

namespace rbdkit::copy {

Checksums::Checksums(const ImageLayout& layout)
    : layout_(layout),
      memory_(kMaxObjects * sizeof(uint32_t), 1),
      registers_(reinterpret_cast<uint32_t*>(memory_.Take())) {}

uint64_t Checksums::ObjectCount(uint64_t size) const {
  const uint64_t set = layout_.object_size * layout_.stripe_count;  // objects that are filled together
  const uint64_t sets = size / set + (size % set > 0 ? 1 : 0);
  return sets > UINT64_MAX / layout_.stripe_count ? UINT64_MAX : sets * layout_.stripe_count;
}

// The striping of Ceph's architecture documentation, "Data Striping".
void Checksums::Add(uint64_t offset, const char* data, size_t length) {
  const uint64_t unit = layout_.stripe_unit;
  const uint64_t count = layout_.stripe_count;
  const uint64_t stripes = layout_.object_size / unit;  // in an object
  while (length > 0) {
    // Without striping an object is one piece.
    const uint64_t piece = count == 1 ? layout_.object_size : unit;
    const uint64_t in_piece = offset % piece;
    const auto part = static_cast<size_t>(std::min<uint64_t>(length, piece - in_piece));
    uint64_t object = offset / piece;
    uint64_t in_object = in_piece;
    if (count > 1) {
      const uint64_t stripe = object / count;
      in_object += stripe % stripes * unit;
      object = stripe / stripes * count + object % count;
    }
    AddObject(object, Crc32cZeros(Crc32cUpdate(0, data, part), layout_.object_size - in_object - part),
              layout_.object_size);
    offset += part;
    data += part;
    length -= part;
  }
}

void Checksums::AddObject(uint64_t object, uint32_t crc, uint64_t length) {
  if (object >= kMaxObjects) return;
  __atomic_fetch_xor(&registers_[object], Crc32cZeros(crc, layout_.object_size - length), __ATOMIC_RELAXED);
}

}  // namespace rbdkit::copy
