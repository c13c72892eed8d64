// A FileSource is a regular file or a block device that raw content is read from. Read() blocks on the
// engine's threads, the rest on the job's.
#ifndef RBDKIT_COPY_SOURCE_FILE_H_
#define RBDKIT_COPY_SOURCE_FILE_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "copy/endpoint.h"
#include "disk/file_reader.h"

namespace rbdkit::copy {

class FileSource final : public Source {
 public:
  // With `raw` the caller says that the file is raw, whatever it begins with. Otherwise a file that is an
  // image in a format of its own is refused, since a guest could not use its bytes as a disk. With `fresh`
  // what the page cache has of the file is forgotten first, where that can be. It is not read beyond `limit`.
  FileSource(std::string path, bool raw, bool fresh = false, uint64_t limit = UINT64_MAX)
      : path_(std::move(path)), raw_(raw), fresh_(fresh), limit_(limit) {}

  Error Open() override;
  uint64_t size() const override { return std::min(file_.size(), limit_); }
  std::string identity() const override { return file_.identity(); }
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override { return FileReader::ReadError(result); }
  bool Rewind() override { return true; }
  Error Confirm() override { return file_.Confirm(); }
  Error Close() override;

 private:
  const std::string path_;
  const bool raw_;
  const bool fresh_;
  const uint64_t limit_;
  FileReader file_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_FILE_H_
