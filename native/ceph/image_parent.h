// DescribeParent() tells what an image is a clone of. It runs on a job's thread.
#ifndef RBDKIT_CEPH_IMAGE_PARENT_H_
#define RBDKIT_CEPH_IMAGE_PARENT_H_

#include <rbd/librbd.h>

#include "ceph/layout.h"
#include "disk/error.h"

namespace rbdkit::copy {

// DescribeParent() takes an open image, which is looked at in its snapshot if it was opened at one. The error
// is kParentUnsupported when there is no parent, or none that can be cloned again. Blocks.
Error DescribeParent(rbd_image_t image, Parent* parent);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_PARENT_H_
