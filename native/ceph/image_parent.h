// What an image is a clone of.
#ifndef RBDKIT_CEPH_IMAGE_PARENT_H_
#define RBDKIT_CEPH_IMAGE_PARENT_H_

#include <rbd/librbd.h>

#include "ceph/layout.h"
#include "disk/error.h"

namespace rbdkit::copy {

// Of an open image, at its snapshot if it was opened at one. kParentUnsupported when there is no parent, or
// none that can be cloned again. Blocks.
Error DescribeParent(rbd_image_t image, Parent* parent);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_PARENT_H_
