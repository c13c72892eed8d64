// Giving an image an object map when its objects are there already.
#ifndef RBDKIT_COPY_OBJECT_MAP_H_
#define RBDKIT_COPY_OBJECT_MAP_H_

#include <rbd/librbd.h>

#include <cstdint>

#include "copy/error.h"
#include "copy/meter.h"

namespace rbdkit::copy {

// `features`: RBD_FEATURE_OBJECT_MAP and RBD_FEATURE_FAST_DIFF, or none of them. Blocks for a tenth of a
// second a GiB. Whatever map there is, it is made anew, and afterwards known to be right.
Error BuildObjectMap(rbd_image_t image, uint64_t features, Meter& meter);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_OBJECT_MAP_H_
