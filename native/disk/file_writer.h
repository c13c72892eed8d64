// A FileWriter writes at positions of a file or a device, past the page cache where that is faster. Any
// thread, many at once.
#ifndef RBDKIT_DISK_FILE_WRITER_H_
#define RBDKIT_DISK_FILE_WRITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "disk/unique_fd.h"

namespace rbdkit::copy {

// WriteAll() writes all of it and returns 0, or a negative errno. Any thread, many at once.
int64_t WriteAll(int fd, uint64_t offset, size_t length, const char* buffer);

class FileWriter {
 public:
  // `fd` is borrowed. `direct` is the same file opened with O_DIRECT; none where the file system cannot.
  void Open(int fd, UniqueFd direct);
  // Write() returns 0 or a negative errno. `buffer` and `offset` agree modulo 4096. Any thread, many at once.
  int64_t Write(uint64_t offset, size_t length, const char* buffer);
  void Close() { direct_fd_.Close(); }

 private:
  int fd_ = -1;
  UniqueFd direct_fd_;
  std::atomic<bool> direct_{false};
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_FILE_WRITER_H_
