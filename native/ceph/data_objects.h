// DataObjects asks the OSDs about the RADOS objects that hold an image's content. Its calls block: an
// engine's or a verifier's threads.
#ifndef RBDKIT_CEPH_DATA_OBJECTS_H_
#define RBDKIT_CEPH_DATA_OBJECTS_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ceph/image_io.h"

namespace rbdkit::copy {

// ObjectSums is what an OSD says of an object.
struct ObjectSums {
  uint64_t size = 0;
  std::vector<uint32_t> crcs;  // CRC32C registers, each from 0
  bool operator==(const ObjectSums& other) const { return size == other.size && crcs == other.crcs; }
};

// DataObjects is used from any thread after Open(). Its calls block.
class DataObjects {
 public:
  // Open() takes an open image; `like` is an ioctx in its namespace.
  Error Open(rbd_image_t image, rados_ioctx_t like);

  rados_ioctx_t ioctx() const { return ioctx_.get(); }
  // prefix() is what all their names begin with, before a dot.
  const std::string& prefix() const { return prefix_; }
  std::string Name(uint64_t object) const;

  // Ask() gives the object's size and the checksums of its first `length` bytes, which it has, in pieces of
  // `piece`; the last piece may be shorter. With `piece` 0 there is one checksum of all of it, whatever its
  // length.
  int Ask(uint64_t object, uint64_t length, uint64_t piece, ObjectSums* sums) const;
  int AskSize(uint64_t object, uint64_t* size) const;

 private:
  OwnIoCtx ioctx_;  // of the data pool, in the image's namespace
  std::string prefix_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_DATA_OBJECTS_H_
