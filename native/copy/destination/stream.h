// A StreamDestination takes raw content in order: to a pipe, a socket or another descriptor, or to a stream
// of JavaScript. Its calls block, one thread at a time: the job's and the engine's.
#ifndef RBDKIT_COPY_DESTINATION_STREAM_H_
#define RBDKIT_COPY_DESTINATION_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "copy/endpoint.h"
#include "disk/byte_stream.h"
#include "disk/handover.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// A StreamDestination writes holes as zeros. What was written of a copy that fails stays written.
class StreamDestination final : public Destination {
 public:
  // The descriptor is borrowed.
  explicit StreamDestination(int fd) : fd_(fd) {}
  // This one takes the path of a FIFO or a character device.
  explicit StreamDestination(std::string path) : path_(std::move(path)) {}
  explicit StreamDestination(std::shared_ptr<Handover> handover) : handover_(std::move(handover)) {}

  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  Error Resize(uint64_t size) override;
  // No hole is left out, so none is looked for but at a span's ends.
  size_t smallest_hole() const override { return SIZE_MAX; }
  bool ordered() const override { return true; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  Error WriteError(int64_t /*result*/) const override { return error_; }
  void Interrupt() override;
  Error Flush() override;
  Error Publish() override { return {}; }
  Error Abandon() override { return {}; }

 private:
  Error Open();
  Error OpenPath();
  Error FillTo(uint64_t offset);

  int fd_ = -1;
  const std::string path_;
  const std::shared_ptr<Handover> handover_;
  UniqueFd opened_;
  StopSignal stop_;
  std::optional<FdOutput> descriptor_;
  ByteOutput* output_ = nullptr;
  uint64_t size_ = 0;
  uint64_t position_ = 0;
  Error error_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_STREAM_H_
