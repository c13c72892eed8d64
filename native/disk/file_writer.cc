// A FileWriter goes back to the page cache for good when a write with O_DIRECT is refused.
#include "disk/file_writer.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "disk/sparse.h"

namespace rbdkit::copy {

namespace {

// From this size on a write past the page cache is faster: the copy ends with fsync anyway.
constexpr size_t kMinDirect = 64 << 10;

}  // namespace

int64_t WriteAll(int fd, uint64_t offset, size_t length, const char* buffer) {
  while (length > 0) {
    const ssize_t n = pwrite(fd, buffer, length, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -EIO;
    offset += static_cast<uint64_t>(n);
    buffer += n;
    length -= static_cast<size_t>(n);
  }
  return 0;
}

void FileWriter::Open(int fd, UniqueFd direct) {
  fd_ = fd;
  direct_fd_ = std::move(direct);
  direct_ = static_cast<bool>(direct_fd_);
}

int64_t FileWriter::Write(uint64_t offset, size_t length, const char* buffer) {
  int64_t result = 0;
  size_t direct = 0;
  // Aligned in the file means aligned in memory. The ragged end goes through the page cache; the two never
  // share a page.
  if (direct_ && offset % kGrain == 0 && length >= kMinDirect) {
    direct = length - length % kGrain;
    result = WriteAll(direct_fd_.get(), offset, direct, buffer);
    if (result == -EINVAL) {
      direct_ = false;  // it wants a larger alignment
      direct = 0;
      result = 0;
    }
  }
  if (result == 0 && direct < length)
    result = WriteAll(fd_, offset + direct, length - direct, buffer + direct);
  return result;
}

}  // namespace rbdkit::copy
