#include "copy/file_destination.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "copy/sparse.h"
#include "copy/temporary_name.h"

namespace rbdkit::copy {

namespace {

// From this size on a write past the page cache is faster: the copy ends with fsync anyway.
constexpr size_t kMinDirect = 64 << 10;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string NameOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.empty() ? "." : name;  // a directory, which exists
}

}  // namespace

FileDestination::FileDestination(const std::string& path)
    : directory_(DirectoryOf(path)), name_(NameOf(path)), temporary_(TemporaryName(name_, NAME_MAX)) {}

Error FileDestination::Prepare(uint64_t size, const std::optional<ImageLayout>& /*source*/) {
  // All names are looked up in this one directory, even if its path is changed meanwhile.
  directory_fd_ = UniqueFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_fd_) return Error(-errno, "open");
  struct stat existing {};
  if (fstatat(directory_fd_.get(), name_.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0) {
    return Error(-EEXIST, "open");
  }
  if (errno != ENOENT) return Error(-errno, "fstatat");
  fd_ = UniqueFd(
      openat(directory_fd_.get(), temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd_) return Error(-errno, "open");
  made_ = true;
  direct_fd_ = UniqueFd(openat(directory_fd_.get(), temporary_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  direct_ = static_cast<bool>(direct_fd_);
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return Error(-errno, "ftruncate");
  return {};
}

void FileDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  int64_t result = 0;
  size_t direct = 0;
  // Aligned in the file means aligned in memory (endpoint.h). The ragged end goes through the page cache; the
  // two never share a page.
  if (direct_ && offset % kGrain == 0 && length >= kMinDirect) {
    direct = length - length % kGrain;
    result = WriteAll(direct_fd_.get(), offset, direct, buffer);
    if (result == -EINVAL) {
      direct_ = false;  // this file system wants a larger alignment
      direct = 0;
      result = 0;
    }
  }
  if (result == 0 && direct < length) {
    result = WriteAll(fd_.get(), offset + direct, length - direct, buffer + direct);
  }
  done->Complete(result);
}

int64_t FileDestination::WriteAll(int fd, uint64_t offset, size_t length, const char* buffer) {
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

Error FileDestination::Flush() {
  if (fsync(fd_.get()) != 0) return Error(-errno, "fsync");
  direct_fd_.Close();
  if (fd_.Close() != 0) return Error(-errno, "close");
  return {};
}

Error FileDestination::Publish() {
  const int directory = directory_fd_.get();
  int r = renameat2(directory, temporary_.c_str(), directory, name_.c_str(), RENAME_NOREPLACE);
  if (r != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // The file system cannot: link(2) never replaces either.
    r = linkat(directory, temporary_.c_str(), directory, name_.c_str(), 0);
    if (r == 0) unlinkat(directory, temporary_.c_str(), 0);
  }
  if (r != 0) return Error(-errno, "rename");
  made_ = false;
  if (fsync(directory) != 0) return Error(-errno, "fsync");
  return {};
}

Error FileDestination::Abandon() {
  direct_fd_.Close();
  fd_.Close();
  if (!std::exchange(made_, false)) return {};
  if (unlinkat(directory_fd_.get(), temporary_.c_str(), 0) != 0) return Error(-errno, "unlink");
  return {};
}

}  // namespace rbdkit::copy
