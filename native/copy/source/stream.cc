// A StreamSource opens its descriptor or FIFO and counts what comes.
#include "copy/source/stream.h"

#include <fcntl.h>

namespace rbdkit::copy {

Error StreamSource::Open() {
  if (handover_) {
    input_ = handover_.get();
    return {};
  }
  int fd = fd_;
  if (!path_.empty()) {
    // Without O_NONBLOCK it would wait for a writer here, and nothing could end that; FdInput waits for it.
    opened_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened_) return Error(-errno, "open");
    fd = opened_.get();
  }
  input_ = &descriptor_.emplace(fd, "", stop_);
  return {};
}

Error StreamSource::Next(uint64_t offset, Extent* extent) {
  *extent = {offset, size_ - offset, Content::kData};  // to the end, wherever that is
  return {};
}

void StreamSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  size_t total = 0;
  while (total < length) {
    size_t got = 0;
    error_ = input_->Read(buffer + total, length - total, &got);
    if (error_) return done->Complete(error_.result);
    if (got == 0) {
      if (promised_ == kUnknownSize) size_ = offset + total;
      break;
    }
    total += got;
  }
  position_ = offset + total;
  done->Complete(static_cast<int64_t>(total));
}

Error StreamSource::ReadError(int64_t result) const {
  if (result < 0) return error_;
  return Error::Coded(
      kSourceChanged, "read",
      "it ended after " + std::to_string(position_) + " of " + std::to_string(promised_) + " bytes");
}

void StreamSource::Interrupt() {
  stop_.Stop();
  if (handover_) handover_->Close();
}

Error StreamSource::Confirm() {
  if (promised_ == kUnknownSize) return {};
  char more;
  size_t got = 0;
  if (Error error = input_->Read(&more, 1, &got)) return error;
  if (got == 0) return {};
  return Error::Coded(kSourceChanged, "read",
                      "there is more of it than the " + std::to_string(promised_) + " bytes of its size");
}

Error StreamSource::Close() {
  if (handover_) handover_->Close();
  opened_.Close();
  return {};
}

}  // namespace rbdkit::copy
