// A DiffFile opens or makes its file and writes it on the engine's threads.
#include "copy/destination/diff_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "disk/file_writer.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kZeros = 64 << 10;

Error Refused(const std::string& why) {
  Error error(-EINVAL, "ftruncate");
  error.message = why;
  return error;
}

}  // namespace

Error DiffFile::Prepare(uint64_t size, const std::optional<Layout>& /*source*/) {
  // Without O_NONBLOCK opening a pipe would wait for its reader.
  fd_ = UniqueFd(open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (fd_) return CheckSize(size);
  if (errno != ENOENT) return Error(-errno, "open");
  if (!diff_.from) return Make(size);
  Error error(-ENOENT, "open");
  error.message =
      "the diff begins at snapshot '" + *diff_.from + "', so it needs a disk that has that content";
  return error;
}

Error DiffFile::Make(uint64_t size) {
  if (Error error = new_file_.Open({path_}, stop_)) return error;
  made_ = true;
  return ftruncate(fd(), static_cast<off_t>(size)) == 0 ? Error() : Error(-errno, "ftruncate");
}

Error DiffFile::CheckSize(uint64_t size) {
  struct stat state {};
  if (fstat(fd_.get(), &state) != 0) return Error(-errno, "fstat");
  if (S_ISBLK(state.st_mode)) {
    const off_t end = lseek(fd_.get(), 0, SEEK_END);
    if (end < 0) return Error(-errno, "lseek");
    return static_cast<uint64_t>(end) >= size ? Error() : Error(-ENOSPC, "open");
  }
  if (!S_ISREG(state.st_mode)) return Refused("neither a regular file nor a block device");
  const auto before = static_cast<uint64_t>(state.st_size);
  if (before > size && !allow_shrink_) {
    return Refused("the diff would shrink the file from " + std::to_string(before) + " to " +
                   std::to_string(size) + " bytes; allow that if it is meant");
  }
  if (before == size) return {};
  return ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? Error() : Error(-errno, "ftruncate");
}

void DiffFile::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  done->Complete(WriteAll(fd(), offset, length, buffer));
}

void DiffFile::Zero(uint64_t offset, uint64_t length, Operation* done) {
  if (punches_) {
    const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    const int r = fallocate(fd(), mode, static_cast<off_t>(offset), static_cast<off_t>(length));
    if (r == 0) return done->Complete(0);
    if (errno != EOPNOTSUPP && errno != EINVAL && errno != ENODEV) return done->Complete(-errno);
    punches_ = false;
  }
  static const char zeros[kZeros] = {};
  int64_t result = 0;
  while (length > 0 && result == 0) {
    const size_t part = std::min<uint64_t>(length, sizeof zeros);
    result = WriteAll(fd(), offset, part, zeros);
    offset += part;
    length -= part;
  }
  done->Complete(result);
}

Error DiffFile::Flush() {
  if (made_) return new_file_.Flush();
  return fsync(fd_.get()) == 0 ? Error() : Error(-errno, "fsync");
}

Error DiffFile::Publish() {
  if (made_) return new_file_.Publish();
  return fd_.Close() == 0 ? Error() : Error(-errno, "close");
}

Error DiffFile::Abandon() {
  fd_.Close();
  new_file_.Abandon();
  return {};
}

}  // namespace rbdkit::copy
