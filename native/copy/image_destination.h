// A new RBD image as a destination.
#ifndef RBDKIT_COPY_IMAGE_DESTINATION_H_
#define RBDKIT_COPY_IMAGE_DESTINATION_H_

#include <optional>
#include <string>

#include "copy/image_io.h"

namespace rbdkit::copy {

// What the new image is like; what is not given comes from the source image, else from librbd's defaults.
struct ImageOptions {
  std::optional<uint64_t> order;  // objects of 2^order bytes
  std::optional<uint64_t> features;
  std::optional<uint64_t> stripe_unit;
  std::optional<uint64_t> stripe_count;
  std::optional<std::string> data_pool;
};

// Written under a temporary name in the same pool and namespace.
class ImageDestination final : public Destination {
 public:
  // `ioctx` is borrowed and outlives this.
  ImageDestination(rados_ioctx_t ioctx, const std::string& image, ImageOptions options);

  Error Prepare(uint64_t size, const std::optional<ImageLayout>& source) override;
  size_t smallest_hole() const override { return smallest_hole_; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  Error WriteError(int64_t result) const override {
    return Error(static_cast<int>(result), "rbd_aio_write2");
  }
  Error Flush() override;
  Error Publish() override;
  Error Abandon() override;

 private:
  void Inherit(const ImageLayout& source);
  Error Create(uint64_t size);

  const rados_ioctx_t like_;
  const std::string name_;
  const std::string temporary_;
  ImageOptions options_;
  OwnIoCtx ioctx_;
  OpenImage image_;
  bool made_ = false;
  size_t smallest_hole_ = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_IMAGE_DESTINATION_H_
