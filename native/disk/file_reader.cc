// A FileReader compares what fstat(2) said when the file was opened with what it says in the end.
#include "disk/file_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace rbdkit::copy {

namespace {

bool SameTime(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

Error Changed(const char* function, const char* how) {
  return Error::Coded(kSourceChanged, function, std::string("the source file ") + how + " while it was read");
}

}  // namespace

Error FileReader::Open(const std::string& path) {
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  fd_ = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
    error.message = "neither a regular file, a block device nor a FIFO";
    return error;
  }
  posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

int64_t FileReader::ReadAt(uint64_t offset, char* buffer, size_t length) const {
  size_t total = 0;
  while (total < length) {
    const ssize_t n = pread(fd_.get(), buffer + total, length - total, static_cast<off_t>(offset + total));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    total += static_cast<size_t>(n);
  }
  return static_cast<int64_t>(total);
}

void FileReader::Next(uint64_t offset, Extent* extent) {
  *extent = {offset, size_ - offset, Content::kData};
  if (!has_holes_) return;
  const auto from = static_cast<off_t>(offset);
  const off_t data = lseek(fd_.get(), from, SEEK_DATA);
  if (data < 0 && errno != ENXIO) {
    has_holes_ = false;
    return;
  }
  if (data != from) {
    // ENXIO means a hole to the end, unless the file was cut, which Confirm() sees.
    extent->content = Content::kHole;
    if (data > from) extent->length = std::min<uint64_t>(size_ - offset, static_cast<uint64_t>(data - from));
    return;
  }
  const off_t hole = lseek(fd_.get(), from, SEEK_HOLE);
  if (hole > from) extent->length = std::min<uint64_t>(size_ - offset, static_cast<uint64_t>(hole - from));
}

std::string FileReader::identity() const {
  if (!S_ISREG(opened_.st_mode)) return "";
  std::string text = "file";
  for (const auto number :
       {static_cast<int64_t>(opened_.st_dev), static_cast<int64_t>(opened_.st_ino),
        static_cast<int64_t>(opened_.st_size), static_cast<int64_t>(opened_.st_mtim.tv_sec),
        static_cast<int64_t>(opened_.st_mtim.tv_nsec), static_cast<int64_t>(opened_.st_ctim.tv_sec),
        static_cast<int64_t>(opened_.st_ctim.tv_nsec)}) {
    text += ' ' + std::to_string(number);
  }
  return text;
}

Error FileReader::Confirm() const {
  struct stat now {};
  if (fstat(fd_.get(), &now) != 0) return Error(-errno, "fstat");
  // A device's times do not tell whether somebody wrote to it.
  if (!S_ISREG(now.st_mode)) return {};
  if (now.st_size != opened_.st_size || !SameTime(now.st_mtim, opened_.st_mtim))
    return Changed("fstat", "changed");
  return {};
}

Error FileReader::ReadError(int64_t result) {
  if (result >= 0) return Changed("pread", "became shorter");
  return Error(static_cast<int>(result), "pread");
}

}  // namespace rbdkit::copy
