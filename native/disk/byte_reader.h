// A ByteReader is what a format's parser reads: a file, or the memory of a fuzzer.
#ifndef RBDKIT_DISK_BYTE_READER_H_
#define RBDKIT_DISK_BYTE_READER_H_

#include <cstddef>
#include <cstdint>

namespace rbdkit::copy {

class ByteReader {
 public:
  virtual ~ByteReader() = default;

  virtual uint64_t size() const = 0;
  // ReadAt() gives the number of bytes read, less than `length` only at the end, or a negative errno. Blocks.
  // Any thread.
  virtual int64_t ReadAt(uint64_t offset, char* buffer, size_t length) const = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_BYTE_READER_H_
