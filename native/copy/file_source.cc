#include "copy/file_source.h"

#include <fcntl.h>

#include <cstring>

#include "copy/qcow2_header.h"

namespace rbdkit::copy {

Error FileSource::Open() {
  if (Error error = file_.Open(path_)) return error;
  if (fresh_) posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);
  char magic[sizeof kQcowMagic];
  if (!raw_ && file_.ReadAt(0, magic, sizeof magic) == sizeof magic &&
      memcmp(magic, kQcowMagic, sizeof magic) == 0) {
    // Its content does not decide how a file is read: whoever could write to a raw disk could write such a
    // beginning.
    return Error::Coded(kFormatUnsupported, "open",
                        "the source file is a qcow2 image; give format: 'qcow2' to copy the disk in it, or "
                        "format: 'raw' to copy its bytes as they are");
  }
  return {};
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
