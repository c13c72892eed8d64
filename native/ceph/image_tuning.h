// These functions set how librbd treats an image that a copy writes. They block on a job's thread.
#ifndef RBDKIT_CEPH_IMAGE_TUNING_H_
#define RBDKIT_CEPH_IMAGE_TUNING_H_

#include <string>

#include "ceph/image_io.h"

namespace rbdkit::copy {

// OpenTuned() opens an image that nobody else knows yet, so that librbd takes what is written from our
// buffers instead of from a copy of them. That saves a fifth of the CPU that a dense copy needs. The
// cluster's handle, which has the settings of all images, is the user's, so these settings are metadata of
// this image until Untune().
Error OpenTuned(rados_ioctx_t ioctx, const std::string& name, OpenImage* image);

// Untune() is called before the image gets its name.
Error Untune(rados_ioctx_t ioctx, const std::string& id);

// PutMetadata() gives the image what it is to have beyond that. It comes after Untune(), for configuration
// may be among the metadata.
Error PutMetadata(rados_ioctx_t ioctx, const std::string& id, const Metadata& metadata);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_TUNING_H_
