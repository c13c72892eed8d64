// Making the image that a copy goes to.
#ifndef RBDKIT_CEPH_MAKE_IMAGE_H_
#define RBDKIT_CEPH_MAKE_IMAGE_H_

#include <rados/librados.h>

#include <cstdint>
#include <optional>
#include <string>

#include "ceph/layout.h"
#include "disk/error.h"

namespace rbdkit::copy {

// What the new image is like; what is not given comes from the source image, else from librbd's defaults.
struct ImageOptions {
  std::optional<uint64_t> order;  // objects of 2^order bytes
  std::optional<uint64_t> features;
  std::optional<uint64_t> stripe_unit;
  std::optional<uint64_t> stripe_count;
  std::optional<std::string> data_pool;
};

// Makes an image of format 2. Blocks.
Error CreateImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const ImageOptions& options);

// Makes one that is a clone, with the overlap that `parent` says, and without the parent's metadata. Blocks.
// An error may leave something.
Error CloneImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const Parent& parent,
                 const ImageOptions& options);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_MAKE_IMAGE_H_
