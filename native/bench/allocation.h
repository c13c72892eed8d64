// How much of an image exists: reads of the rest never reach an OSD.
#ifndef RBDKIT_BENCH_ALLOCATION_H_
#define RBDKIT_BENCH_ALLOCATION_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

namespace rbdkit::bench {

// The share of the image's objects, 0 to 1, that exist in it or in its parent. Exact where the image has a
// valid fast diff or few objects, else of a sample: asking for each object takes a request. An empty image
// has all, and one that is being migrated is taken to have. `ioctx` is of its cluster. 0 or a negative errno.
// Blocks.
int Allocated(rbd_image_t image, rados_ioctx_t ioctx, double* share);

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_ALLOCATION_H_
