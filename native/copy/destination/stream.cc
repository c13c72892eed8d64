// A StreamDestination opens its pipe or FIFO and fills holes with zeros.
#include "copy/destination/stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "disk/path_kind.h"

namespace rbdkit::copy {

namespace {

// A FIFO is tried this often for a reader, because nothing tells when it has one.
constexpr std::chrono::milliseconds kReaderPoll{20};

}  // namespace

Error StreamDestination::Prepare(uint64_t size, const std::optional<Layout>& /*source*/) {
  if (Error error = Open()) return error;
  return Resize(size);
}

Error StreamDestination::Open() {
  if (handover_) {
    output_ = handover_.get();
    return {};
  }
  if (!path_.empty()) {
    if (Error error = OpenPath()) return error;
    fd_ = opened_.get();
  }
  output_ = &descriptor_.emplace(fd_, stop_);
  return {};
}

// OpenPath() waits for a FIFO's reader, but not in open(2), where nothing could end that.
Error StreamDestination::OpenPath() {
  for (;;) {
    opened_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (opened_) return {};
    if (errno != ENXIO || KindOf(path_) != S_IFIFO) return Error(-errno, "open");
    if (stop_.stopped()) return Error::Coded(kCancelled, "open", "cancelled");
    std::this_thread::sleep_for(kReaderPoll);
  }
}

void StreamDestination::Interrupt() {
  stop_.Stop();
  if (handover_) handover_->Close();
}

// The last Resize() tells where the content ends; until then there is always room.
Error StreamDestination::Resize(uint64_t size) {
  size_ = size;
  return {};
}

Error StreamDestination::FillTo(uint64_t offset) {
  static constexpr std::array<char, 64 << 10> kZeros{};
  while (position_ < offset) {
    const size_t length = std::min<uint64_t>(offset - position_, kZeros.size());
    if (Error error = output_->Write(kZeros.data(), length)) return error;
    position_ += length;
  }
  return {};
}

void StreamDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  error_ = FillTo(offset);
  if (!error_) error_ = output_->Write(buffer, length);
  if (error_) return done->Complete(error_.result);
  position_ = offset + length;
  done->Complete(0);
}

Error StreamDestination::Flush() {
  if (Error error = FillTo(size_)) return error;
  if (handover_) return {};
  struct stat state {};
  // Only a file that the caller opened is flushed; a pipe has nothing to flush.
  if (fstat(fd_, &state) != 0 || !S_ISREG(state.st_mode)) return {};
  return fsync(fd_) == 0 ? Error() : Error(-errno, "fsync");
}

}  // namespace rbdkit::copy
