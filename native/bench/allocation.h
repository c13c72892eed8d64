// Allocated() finds out how much of an image exists, because reads of the rest never reach an OSD. It runs on
// an executor's thread.
#ifndef RBDKIT_BENCH_ALLOCATION_H_
#define RBDKIT_BENCH_ALLOCATION_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

namespace rbdkit::bench {

// Allocated() sets `share` to the part of the image's objects, 0 to 1, that exist in it or in its parent. The
// share is exact where the image has a valid fast diff or few objects. Else it is that of a sample, because
// asking for each object takes a request. An empty image has all of its objects, and one that is being
// migrated is taken to have them. `ioctx` is of its cluster. Allocated() returns 0 or a negative errno.
// Blocks.
int Allocated(rbd_image_t image, rados_ioctx_t ioctx, double* share);

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_ALLOCATION_H_
