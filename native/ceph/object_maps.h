// What the object maps of an image and its snapshots tell, without a question to librbd, which names each of
// its objects (docs/decisions/0030).
#ifndef RBDKIT_CEPH_OBJECT_MAPS_H_
#define RBDKIT_CEPH_OBJECT_MAPS_H_

#include <rados/librados.h>

#include <cstdint>
#include <string>

#include "ceph/layout.h"
#include "ceph/object_states.h"

namespace rbdkit::copy {

struct ObjectMaps {
  ObjectSet there;   // at the end; also what may be
  ObjectSet either;  // at the beginning or at the end: whatever may have changed in between
};

// Of the image with that id, at the snapshot `from`, or 0: none, and at the snapshot `to`, or
// LIBRADOS_SNAP_HEAD: the image as it is now, which must be kept from being written to meanwhile. False: they
// do not tell, whatever the reason, and librbd is to be asked. Blocks.
bool ReadObjectMaps(rados_ioctx_t ioctx, const std::string& id, const ImageLayout& layout, uint64_t from,
                    uint64_t to, ObjectMaps* maps);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_MAPS_H_
