// A DeviceDestination is a block device that is written in place. Its calls block: the job's thread and the
// engine's.
#ifndef RBDKIT_COPY_DESTINATION_DEVICE_H_
#define RBDKIT_COPY_DESTINATION_DEVICE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "copy/endpoint.h"
#include "copy/naming.h"
#include "disk/file_writer.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// A DeviceDestination overwrites what is there, holes and zeros of the source included, so it needs
// Naming::replace. What is behind the source's end stays as it is.
class DeviceDestination final : public Destination {
 public:
  DeviceDestination(std::string path, Naming naming) : path_(std::move(path)), naming_(std::move(naming)) {}

  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  // A write of its own costs a disk about as much as this many bytes more.
  size_t smallest_hole() const override { return 64 << 10; }
  bool needs_zeros() const override { return true; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  void Zero(uint64_t offset, uint64_t length, Operation* done) override;
  Error WriteError(int64_t result) const override;
  Error Flush() override;
  std::unique_ptr<Source> Reader(const std::string& snapshot) override;
  Error Publish() override;
  Error Abandon() override;

 private:
  int64_t ZeroRange(uint64_t offset, uint64_t length) const;
  int64_t WriteZeros(uint64_t offset, uint64_t length);

  const std::string path_;
  const Naming naming_;
  UniqueFd fd_;
  FileWriter writer_;
  uint64_t size_ = 0;  // the device's
  uint64_t expected_ = kUnknownSize;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_DEVICE_H_
