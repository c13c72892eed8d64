// A FileSource refuses what looks like an image of another format.
#include "copy/source/file.h"

#include <fcntl.h>

#include "disk/disk_magic.h"

namespace rbdkit::copy {

Error FileSource::Open() {
  if (Error error = file_.Open(path_)) return error;
  if (fresh_) posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);
  if (raw_) return {};
  char head[kMagicSize] = {};
  if (const int64_t n = file_.ReadAt(0, head, sizeof head); n < 0) return ReadError(n);
  const std::string format = FormatOf(head);
  if (format.empty()) return {};
  // A file's content does not decide how it is read: whoever could write to a raw disk could write such a
  // beginning.
  return Error::Coded(kFormatUnsupported, "open",
                      "the source file is a " + format + " image; give format: '" + format +
                          "' to copy the disk in it, or format: 'raw' to copy its bytes as they are");
}

Error FileSource::Next(uint64_t offset, Extent* extent) {
  file_.Next(offset, extent);
  return {};
}

void FileSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  done->Complete(file_.ReadAt(offset, buffer, length));
}

Error FileSource::Close() {
  file_.Close();
  return {};
}

}  // namespace rbdkit::copy
