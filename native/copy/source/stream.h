// A StreamSource is raw content that comes in order: from a pipe, a socket or another descriptor, or from a
// stream of JavaScript. Its calls block, one thread at a time: the job's and the engine's.
#ifndef RBDKIT_COPY_SOURCE_STREAM_H_
#define RBDKIT_COPY_SOURCE_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "copy/endpoint.h"
#include "disk/byte_stream.h"
#include "disk/handover.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

class StreamSource final : public Source {
 public:
  // The descriptor is borrowed. It is read from where it stands to its end.
  explicit StreamSource(int fd) : fd_(fd) {}
  // This one takes the path of a FIFO.
  explicit StreamSource(std::string path) : path_(std::move(path)) {}
  // `size` may be kUnknownSize; otherwise it is an error when there are less bytes or more.
  StreamSource(std::shared_ptr<Handover> handover, uint64_t size)
      : handover_(std::move(handover)), promised_(size), size_(size) {}

  Error Open() override;
  uint64_t size() const override { return size_; }
  bool sequential() const override { return true; }
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override;
  void Interrupt() override;
  Error Confirm() override;
  Error Close() override;

 private:
  const int fd_ = -1;
  const std::string path_;
  const std::shared_ptr<Handover> handover_;
  const uint64_t promised_ = kUnknownSize;
  UniqueFd opened_;
  StopSignal stop_;
  std::optional<FdInput> descriptor_;
  ByteInput* input_ = nullptr;
  uint64_t size_ = kUnknownSize;
  uint64_t position_ = 0;
  Error error_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_STREAM_H_
