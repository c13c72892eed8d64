// These functions make the image that a copy goes to. They block on a job's thread.
#ifndef RBDKIT_CEPH_MAKE_IMAGE_H_
#define RBDKIT_CEPH_MAKE_IMAGE_H_

#include <rados/librados.h>

#include <cstdint>
#include <string>

#include "ceph/layout.h"
#include "disk/error.h"

namespace rbdkit::copy {

// ImageOptions say what the new image is like. What is not given comes from the source image, else from
// librbd's defaults.
Error CreateImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const LayoutRequest& layout);

// CloneImage() makes a clone, with the overlap that `parent` says, and without the parent's metadata. An
// error may leave something. Blocks.
Error CloneImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const Parent& parent,
                 const LayoutRequest& layout);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_MAKE_IMAGE_H_
