#include "copy/file_source.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rbdkit::copy {

namespace {

// docs/interop/qcow2.txt of QEMU: the first four bytes of every version.
constexpr char kQcowMagic[4] = {'Q', 'F', 'I', '\xfb'};

bool SameTime(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

Error Changed(const char* function, const char* how) {
  return Error::Coded(kSourceChanged, function, std::string("the source file ") + how + " while it was read");
}

}  // namespace

Error FileSource::Open() {
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  fd_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd_) return Error(-errno, "open");
  if (fstat(fd_.get(), &opened_) != 0) return Error(-errno, "fstat");
  if (S_ISDIR(opened_.st_mode)) return Error(-EISDIR, "open");
  if (S_ISBLK(opened_.st_mode)) {
    const off_t end = lseek(fd_.get(), 0, SEEK_END);
    if (end < 0) return Error(-errno, "lseek");
    size_ = static_cast<uint64_t>(end);
    has_holes_ = false;
  } else if (S_ISREG(opened_.st_mode)) {
    size_ = static_cast<uint64_t>(opened_.st_size);
  } else {
    Error error(-ENOTSUP, "open");
    error.message = "neither a regular file nor a block device";
    return error;
  }
  if (!raw_) {
    char magic[sizeof kQcowMagic];
    if (pread(fd_.get(), magic, sizeof magic, 0) == sizeof magic &&
        memcmp(magic, kQcowMagic, sizeof magic) == 0) {
      return Error::Coded(
          kFormatUnsupported, "open",
          "the source file is a qcow2 image, which cannot be read yet; convert it to raw first, or "
          "give format: 'raw' to copy its bytes as they are");
    }
  }
  posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

Error FileSource::Next(uint64_t offset, Extent* extent) {
  extent->offset = offset;
  extent->length = size_ - offset;
  extent->data = true;
  if (!has_holes_) return {};
  const auto from = static_cast<off_t>(offset);
  const off_t data = lseek(fd_.get(), from, SEEK_DATA);
  if (data < 0 && errno != ENXIO) {
    has_holes_ = false;
    return {};
  }
  if (data != from) {
    // ENXIO: a hole to the end, unless the file was cut, which Confirm() sees.
    extent->data = false;
    if (data > from) extent->length = std::min<uint64_t>(size_ - offset, static_cast<uint64_t>(data - from));
    return {};
  }
  const off_t hole = lseek(fd_.get(), from, SEEK_HOLE);
  if (hole > from) extent->length = std::min<uint64_t>(size_ - offset, static_cast<uint64_t>(hole - from));
  return {};
}

void FileSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  size_t total = 0;
  while (total < length) {
    const ssize_t n = pread(fd_.get(), buffer + total, length - total, static_cast<off_t>(offset + total));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return done->Complete(-errno);
    if (n == 0) break;
    total += static_cast<size_t>(n);
  }
  done->Complete(static_cast<int64_t>(total));
}

Error FileSource::ReadError(int64_t result) const {
  if (result >= 0) return Changed("pread", "became shorter");
  return Error(static_cast<int>(result), "pread");
}

Error FileSource::Confirm() {
  struct stat now {};
  if (fstat(fd_.get(), &now) != 0) return Error(-errno, "fstat");
  // A device's times do not tell whether somebody wrote to it.
  if (!S_ISREG(now.st_mode)) return {};
  if (now.st_size != opened_.st_size || !SameTime(now.st_mtim, opened_.st_mtim))
    return Changed("fstat", "changed");
  return {};
}

Error FileSource::Close() {
  fd_.Close();
  return {};
}

}  // namespace rbdkit::copy
