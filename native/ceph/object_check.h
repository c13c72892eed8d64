// CheckObjectMap() compares what an image's object map tells of its objects with the objects that there are.
// librbd's own check says nothing of an object that is lost (16.2.15), and cannot be asked from C. It runs on
// an executor's thread.
#ifndef RBDKIT_CEPH_OBJECT_CHECK_H_
#define RBDKIT_CEPH_OBJECT_CHECK_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "disk/error.h"

namespace rbdkit::copy {

// The numbers of some objects, at most kMostNamed of them, and how many there are in all.
struct NamedObjects {
  static constexpr size_t kMostNamed = 4096;
  uint64_t count = 0;
  std::vector<uint64_t> first;
};

struct ObjectCheck {
  bool valid = false;     // the map; else nothing was compared
  uint64_t objects = 0;   // that the image may have
  NamedObjects lost;      // the map has them, and they are not there
  NamedObjects unlisted;  // they are there, and the map does not have them
};

// CheckObjectMap() looks at the image as it is now (LIBRADOS_SNAP_HEAD), or as it was at a snapshot. Objects
// that come or go meanwhile are no differences. `go_on` is told of the progress, and says whether to. The
// error is -EINVAL for an image that has no object map. Blocks: one request an object.
Error CheckObjectMap(rbd_image_t image, rados_ioctx_t like, uint64_t snapshot,
                     const std::function<bool(uint64_t done, uint64_t total)>& go_on, ObjectCheck* check);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_CHECK_H_
