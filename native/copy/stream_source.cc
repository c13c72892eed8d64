#include "copy/stream_source.h"

namespace rbdkit::copy {

Error StreamSource::Open() {
  input_.emplace(fd_, "", stop_);
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
      size_ = offset + total;
      break;
    }
    total += got;
  }
  done->Complete(static_cast<int64_t>(total));
}

}  // namespace rbdkit::copy
