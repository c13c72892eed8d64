// How librbd treats an image that a copy writes.
#ifndef RBDKIT_CEPH_IMAGE_TUNING_H_
#define RBDKIT_CEPH_IMAGE_TUNING_H_

#include <string>

#include "ceph/image_io.h"

namespace rbdkit::copy {

// Opens an image that nobody else knows yet, so that librbd takes what is written from our buffers instead of
// from a copy of them, which is a fifth of the CPU that a dense copy needs. The cluster's handle, which has
// the settings of all images, is the user's; so they are metadata of this image until Untune().
Error OpenTuned(rados_ioctx_t ioctx, const std::string& name, OpenImage* image);

// Before it gets its name.
Error Untune(rados_ioctx_t ioctx, const std::string& id);

// Gives it what it is to have beyond that; after Untune(), for configuration may be among it.
Error PutMetadata(rados_ioctx_t ioctx, const std::string& id, const Metadata& metadata);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_TUNING_H_
