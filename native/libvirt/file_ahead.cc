// Files are read here by a thread a file, which ends with it.
#include "libvirt/file_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/signal_mask.h"

namespace rbdkit {

namespace {

constexpr size_t kBuffers = 4;
// Whole messages: what is left of a buffer would be one more.
constexpr size_t kBufferSize = 4 * kMostAtOnce;

}  // namespace

int FileAhead::Open(const std::string& path, bool sparse) {
  sparse_ = sparse;
  // A pipe that nobody writes to would not open.
  file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0) return errno;
  struct stat status {};
  if (fstat(file_, &status) < 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) return EINVAL;
  const off_t end = lseek(file_, 0, SEEK_END);
  if (end < 0) return errno;
  size_ = static_cast<uint64_t>(end);
  posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  buffers_.assign(kBuffers, std::string(kBufferSize, '\0'));
  for (std::string& buffer : buffers_) free_.push_back(buffer.data());
  try {
    const SignalMask masked;
    reader_ = std::thread([this] { Read(); });
    pthread_setname_np(reader_.native_handle(), "rbdkit-vir-file");
  } catch (const std::system_error&) {
    return EAGAIN;
  }
  return 0;
}

FileAhead::~FileAhead() {
  Stop();
  if (reader_.joinable()) reader_.join();
  if (file_ >= 0) close(file_);
}

FileAhead::Part FileAhead::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (lent_ != nullptr) free_.push_back(lent_);
  lent_ = nullptr;
  changed_.notify_all();
  changed_.wait(lock, [this] { return stopped_ || !parts_.empty(); });
  if (stopped_) return {};
  const Part part = parts_.front();
  parts_.pop_front();
  lent_ = const_cast<char*>(part.bytes);
  return part;
}

void FileAhead::Stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool FileAhead::Push(Part part) {
  std::lock_guard<std::mutex> lock(mutex_);
  parts_.push_back(part);
  changed_.notify_all();
  return !stopped_;
}

void FileAhead::Read() {
  for (uint64_t at = 0, data_ends = sparse_ ? 0 : size_; at < size_;) {
    if (sparse_ && at >= data_ends) {
      const off_t data = lseek(file_, static_cast<off_t>(at), SEEK_DATA);
      // ENXIO: nothing but a hole; a file system without holes has data to the end.
      const uint64_t begins = data >= 0 ? static_cast<uint64_t>(data) : errno == ENXIO ? size_ : at;
      if (begins > at && !Push({nullptr, std::min(begins, size_) - at, 0})) return;
      at = begins;
      const off_t hole = at < size_ ? lseek(file_, static_cast<off_t>(at), SEEK_HOLE) : -1;
      data_ends = hole > 0 ? static_cast<uint64_t>(hole) : size_;
      continue;
    }
    char* buffer;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || !free_.empty(); });
      if (stopped_) return;
      buffer = free_.back();
      free_.pop_back();
    }
    const ssize_t got = pread(file_, buffer, std::min<uint64_t>(kBufferSize, std::min(data_ends, size_) - at),
                              static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      std::lock_guard<std::mutex> lock(mutex_);
      free_.push_back(buffer);
      continue;
    }
    if (got <= 0) {
      // It has become shorter since it was opened.
      Push({nullptr, 0, got < 0 ? errno : EIO});
      return;
    }
    if (!Push({buffer, static_cast<uint64_t>(got), 0})) return;
    at += static_cast<uint64_t>(got);
  }
  Push({});
}

}  // namespace rbdkit
