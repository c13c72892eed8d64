// Raw content to a pipe, a socket or whatever else a descriptor takes in order.
#ifndef RBDKIT_COPY_STREAM_DESTINATION_H_
#define RBDKIT_COPY_STREAM_DESTINATION_H_

#include <optional>

#include "copy/byte_stream.h"
#include "copy/endpoint.h"

namespace rbdkit::copy {

// Holes are written as zeros. What was written of a copy that fails stays written.
class StreamDestination final : public Destination {
 public:
  // The descriptor is borrowed.
  explicit StreamDestination(int fd) : fd_(fd) {}

  Error Prepare(uint64_t size, const std::optional<ImageLayout>& source) override;
  Error Resize(uint64_t size) override;
  // No hole is left out, so none is looked for but at a span's ends.
  size_t smallest_hole() const override { return SIZE_MAX; }
  bool ordered() const override { return true; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  Error WriteError(int64_t /*result*/) const override { return error_; }
  void Interrupt() override { stop_.Stop(); }
  Error Flush() override;
  Error Publish() override { return {}; }
  Error Abandon() override { return {}; }

 private:
  Error FillTo(uint64_t offset);

  const int fd_;
  StopSignal stop_;
  std::optional<FdOutput> output_;
  uint64_t size_ = 0;
  uint64_t position_ = 0;
  Error error_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_STREAM_DESTINATION_H_
