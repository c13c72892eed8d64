// Reads and writes of pipes wait in poll(2) only, where a StopSignal ends the wait.
#include "disk/byte_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>

namespace rbdkit::copy {

namespace {

// A pipe is made to hold this much, where the system allows it. By default it holds 64 KiB, and each filling
// wakes the other side.
constexpr int kPipeSize = 1 << 20;

// A write(2) that may wait is given so much at a time: no more than there is room for when poll(2) has said
// that there is some. A pipe has a page then; a terminal counts its room in steps of 256 bytes.
constexpr size_t kPipeRoom = PIPE_BUF;
constexpr size_t kTerminalRoom = 256;

// Where no event could be had that says so, it is looked this often whether to stop.
constexpr int kStopPollMs = 100;

mode_t KindOf(int fd) {
  struct stat state {};
  return fstat(fd, &state) == 0 ? state.st_mode & S_IFMT : 0;
}

bool Waits(mode_t kind) { return kind != S_IFREG && kind != S_IFBLK && kind != S_IFDIR; }

}  // namespace

StopSignal::StopSignal() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void StopSignal::Stop() {
  // The hook may lead back here.
  if (stopped_.exchange(true)) return;
  if (event_) {
    const uint64_t one = 1;
    // The event stays readable, so whoever polls from now on sees it. It is written once, so there is room.
    [[maybe_unused]] const ssize_t n = write(event_.get(), &one, sizeof one);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& hook : hooks_) hook();  // under the lock: who takes one away waits until it is over
}

StopSignal::Hook::Hook(StopSignal& signal, std::function<void()> call) : signal_(signal) {
  std::lock_guard<std::mutex> lock(signal_.mutex_);
  call_ = signal_.hooks_.insert(signal_.hooks_.end(), std::move(call));
  if (signal_.stopped()) (*call_)();
}

StopSignal::Hook::~Hook() {
  std::lock_guard<std::mutex> lock(signal_.mutex_);
  signal_.hooks_.erase(call_);
}

Error StopSignal::Wait(int fd, short events) const {
  pollfd fds[] = {{fd, events, 0}, {event_.get(), POLLIN, 0}};
  while (!stopped()) {
    // poll(2) passes over -1; without an event, for the process has no descriptor left, it looks by itself.
    const int r = poll(fds, 2, event_ ? -1 : kStopPollMs);
    if (r < 0 && errno != EINTR) return Error(-errno, "poll");
    if (r > 0 && fds[0].revents != 0 && !stopped()) return {};
  }
  return Error::Coded(kCancelled, "poll", "cancelled");
}

FdInput::FdInput(int fd, std::string name, const StopSignal& stop)
    : fd_(fd), name_(std::move(name)), stop_(stop) {
  struct stat state {};
  if (fstat(fd, &state) != 0) return;  // Read() will say why
  waits_ = Waits(state.st_mode & S_IFMT);
  if (S_ISFIFO(state.st_mode)) fcntl(fd, F_SETPIPE_SZ, kPipeSize);
  if (!S_ISREG(state.st_mode)) return;
  const off_t position = lseek(fd, 0, SEEK_CUR);
  if (position < 0) return;
  start_ = position_ = static_cast<uint64_t>(position);
  size_ = static_cast<uint64_t>(state.st_size);
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

Error FdInput::Failed(const char* function) const {
  Error error(-errno, function);
  error.object = name_;
  return error;
}

Error FdInput::Read(char* buffer, size_t length, size_t* got) {
  for (;;) {
    if (waits_) {
      if (Error error = stop_.Wait(fd_, POLLIN)) return error;
    } else if (stop_.stopped()) {
      return Error::Coded(kCancelled, "read", "cancelled");
    }
    const ssize_t n = read(fd_, buffer, length);
    if (n >= 0) {
      *got = static_cast<size_t>(n);
      position_ += *got;
      return {};
    }
    if (errno != EINTR && errno != EAGAIN) return Failed("read");
  }
}

Error FdInput::Leap(uint64_t length, uint64_t* leapt) {
  // A leap never goes past the end, because a file that was cut must not look whole.
  *leapt = std::min(length, this->length());
  if (*leapt == 0) return {};
  if (lseek(fd_, static_cast<off_t>(*leapt), SEEK_CUR) < 0) return Failed("lseek");
  position_ += *leapt;
  return {};
}

Error FdInput::Rewind() {
  if (lseek(fd_, static_cast<off_t>(start_), SEEK_SET) < 0) return Failed("lseek");
  position_ = start_;
  return {};
}

FdOutput::FdOutput(int fd, const StopSignal& stop) : fd_(fd), stop_(stop) {
  const mode_t kind = KindOf(fd);
  waits_ = Waits(kind);
  socket_ = kind == S_IFSOCK;
  if (kind != S_IFIFO && (kind != S_IFCHR || isatty(fd) == 0)) return;
  if (kind == S_IFIFO) fcntl(fd, F_SETPIPE_SZ, kPipeSize);
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) return;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  unblocked_ = UniqueFd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  // The descriptor is somebody else's, or there is no /proc.
  if (!unblocked_) most_ = kind == S_IFIFO ? kPipeRoom : kTerminalRoom;
}

Error FdOutput::Write(const char* data, size_t length) {
  const int fd = unblocked_ ? unblocked_.get() : fd_;
  while (length > 0) {
    if (waits_) {
      if (Error error = stop_.Wait(fd, POLLOUT)) return error;
    } else if (stop_.stopped()) {
      return Error::Coded(kCancelled, "write", "cancelled");
    }
    // Node ignores SIGPIPE, so a reader that has gone gives EPIPE.
    const size_t part = std::min(length, most_);
    const ssize_t n = socket_ ? send(fd, data, part, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, data, part);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return Error(-errno, "write");
    data += n;
    length -= static_cast<size_t>(n);
  }
  return {};
}

}  // namespace rbdkit::copy
