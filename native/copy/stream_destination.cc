#include "copy/stream_destination.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace rbdkit::copy {

Error StreamDestination::Prepare(uint64_t size, const std::optional<ImageLayout>& /*source*/) {
  output_.emplace(fd_, stop_);
  return Resize(size);
}

// The last one tells where the content ends; until then there is always room.
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
  struct stat state {};
  // Of a file that the caller opened; a pipe has nothing to flush.
  if (fstat(fd_, &state) != 0 || !S_ISREG(state.st_mode)) return {};
  return fsync(fd_) == 0 ? Error() : Error(-errno, "fsync");
}

}  // namespace rbdkit::copy
