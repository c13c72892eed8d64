// A MemoryReader is a file in memory.
#ifndef RBDKIT_TEST_DISK_MEMORY_READER_H_
#define RBDKIT_TEST_DISK_MEMORY_READER_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "disk/byte_reader.h"

namespace rbdkit::copy {

class MemoryReader final : public ByteReader {
 public:
  explicit MemoryReader(std::string bytes) : bytes_(std::move(bytes)) {}

  uint64_t size() const override { return bytes_.size(); }
  int64_t ReadAt(uint64_t offset, char* buffer, size_t length) const override {
    if (offset >= bytes_.size()) return 0;
    const size_t n = std::min<uint64_t>(length, bytes_.size() - offset);
    memcpy(buffer, bytes_.data() + offset, n);
    return static_cast<int64_t>(n);
  }

 private:
  const std::string bytes_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_DISK_MEMORY_READER_H_
