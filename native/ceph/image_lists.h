// What librbd lists of an open image, and of a pool. All of it blocks.
#ifndef RBDKIT_CEPH_IMAGE_LISTS_H_
#define RBDKIT_CEPH_IMAGE_LISTS_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ceph/layout.h"
#include "disk/error.h"

namespace rbdkit::copy {

struct ListedSnapshot {
  uint64_t id = 0;
  uint64_t size = 0;
  std::string name;
};

// All of them: the users', and those of groups, of mirroring and in the trash.
Error ListSnapshots(rbd_image_t image, std::vector<ListedSnapshot>* snapshots);

// A snapshot's present name. ENOENT: there is none of that id.
Error SnapshotName(rbd_image_t image, uint64_t id, std::string* name);

// The clients (rados_get_instance_id) that have the image open for writing.
Error ListWatchers(rbd_image_t image, std::vector<uint64_t>* clients);

// Keys in their order, configuration (conf_*) among them.
Error ListMetadata(rbd_image_t image, Metadata* metadata);
// At most `most` of them (0: all) after the key `start`, appended.
Error ListMetadataAfter(rbd_image_t image, const std::string& start, uint64_t most, Metadata* metadata);

// The same of a pool: at most `most` of them (0: all) after the key `start`, appended.
Error ListPoolMetadata(rados_ioctx_t ioctx, const std::string& start, uint64_t most, Metadata* metadata);

// Who holds a lock, of the time when librbd last read the image's header.
struct Lockers {
  bool exclusive = false;
  std::string tag;
  // An entry for each of them; empty: there is no lock.
  std::vector<std::string> clients;
  std::vector<std::string> cookies;
  std::vector<std::string> addresses;
};
Error ListLockers(rbd_image_t image, Lockers* lockers);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_LISTS_H_
