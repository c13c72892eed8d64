// A FileReader is a regular file or a block device that is read at positions, and must not change meanwhile.
// ReadAt() comes from any thread, the rest from one at a time.
#ifndef RBDKIT_DISK_FILE_READER_H_
#define RBDKIT_DISK_FILE_READER_H_

#include <sys/stat.h>

#include <string>

#include "disk/byte_reader.h"
#include "disk/error.h"
#include "disk/extent.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

class FileReader final : public ByteReader {
 public:
  Error Open(const std::string& path);
  uint64_t size() const override { return size_; }
  int64_t ReadAt(uint64_t offset, char* buffer, size_t length) const override;

  // Next() gives the extent that starts at `offset`. Holes are what the file system says. One thread at a
  // time.
  void Next(uint64_t offset, Extent* extent);
  // identity() is for Source::identity(). It is empty for a device, of which nothing tells whether somebody
  // has written to it.
  std::string identity() const;
  // Confirm() gives ERR_SOURCE_CHANGED when the file is not as it was opened.
  Error Confirm() const;
  // ReadError() says what a read means that gave `result` bytes, too few, or a negative errno.
  static Error ReadError(int64_t result);
  void Close() { fd_.Close(); }

  int fd() const { return fd_.get(); }
  const struct stat& opened() const { return opened_; }

 private:
  UniqueFd fd_;
  struct stat opened_ {};
  uint64_t size_ = 0;
  bool has_holes_ = true;  // until the file system says that it does not know them
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_FILE_READER_H_
