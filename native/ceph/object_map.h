// BuildObjectMap() gives an image an object map when its objects are there already. It runs on a job's
// thread.
#ifndef RBDKIT_CEPH_OBJECT_MAP_H_
#define RBDKIT_CEPH_OBJECT_MAP_H_

#include <rbd/librbd.h>

#include <cstdint>
#include <functional>

#include "disk/error.h"

namespace rbdkit::copy {

// `features` are RBD_FEATURE_OBJECT_MAP and RBD_FEATURE_FAST_DIFF, or none of them. Whatever map there is, it
// is made anew, and afterwards known to be right. `touch` is called when something has completed. Blocks for
// a tenth of a second a GiB.
Error BuildObjectMap(rbd_image_t image, uint64_t features, const std::function<void()>& touch);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_MAP_H_
