// Raw content from a pipe, a socket or whatever else a descriptor gives in order.
#ifndef RBDKIT_COPY_STREAM_SOURCE_H_
#define RBDKIT_COPY_STREAM_SOURCE_H_

#include <optional>

#include "copy/byte_stream.h"
#include "copy/endpoint.h"

namespace rbdkit::copy {

class StreamSource final : public Source {
 public:
  // The descriptor is borrowed. It is read from where it stands to its end.
  explicit StreamSource(int fd) : fd_(fd) {}

  Error Open() override;
  uint64_t size() const override { return size_; }
  bool sequential() const override { return true; }
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t /*result*/) const override { return error_; }
  void Interrupt() override { stop_.Stop(); }
  Error Confirm() override { return {}; }
  Error Close() override { return {}; }

 private:
  const int fd_;
  StopSignal stop_;
  std::optional<FdInput> input_;
  uint64_t size_ = kUnknownSize;
  Error error_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_STREAM_SOURCE_H_
