// ReadObjectMaps() reads what the object maps of an image and its snapshots tell. librbd is not asked,
// because it names each of the image's objects (docs/decisions/0030). It runs on a job's thread.
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

// ReadObjectMaps() reads the maps of the image with that id at the snapshots `from` and `to`. `from` is 0 for
// none. `to` is LIBRADOS_SNAP_HEAD for the image as it is now, which must be kept from being written to
// meanwhile. It returns false when the maps do not tell, whatever the reason, and librbd is to be asked.
// Blocks.
bool ReadObjectMaps(rados_ioctx_t ioctx, const std::string& id, const Layout& layout, uint64_t from,
                    uint64_t to, ObjectMaps* maps);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_MAPS_H_
