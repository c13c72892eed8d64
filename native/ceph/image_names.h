// RenameImage() renames an image for certain; it blocks on a job's thread. rbd_rename() takes three steps,
// and a process may die between them:
//   1. the object rbd_id.<to> is made and holds the image's id: the new name opens, but is not listed
//   2. rbd_directory has the new name in the old one's place
//   3. the object rbd_id.<from> is removed: until then the old name opens as well
// A second rbd_rename() after 1 gives EEXIST, after 2 ENOENT.
#ifndef RBDKIT_CEPH_IMAGE_NAMES_H_
#define RBDKIT_CEPH_IMAGE_NAMES_H_

#include <rados/librados.h>

#include <string>

#include "disk/error.h"

namespace rbdkit::copy {

// ListedName() gives the name that rbd_directory has for the image `id`. It is ENOENT when the directory has
// none, because the image is in the trash or gone. Blocks, as the others do.
Error ListedName(rados_ioctx_t ioctx, const std::string& id, std::string* name);

// ImageIdOf() gives the id of the image `name`.
Error ImageIdOf(rados_ioctx_t ioctx, const std::string& name, std::string* id);

enum class Renaming {
  kKnown,    // rbd_rename(): whoever has the image open, and its journal, are told
  kQuietly,  // its three steps alone, 25 requests fewer: for an image that the caller alone knows
};

// RenameImage() renames the image `id`, whatever an earlier rename from `from` to `to` has got to. EEXIST:
// another image has the name `to`.
Error RenameImage(rados_ioctx_t ioctx, const std::string& id, const std::string& from, const std::string& to,
                  Renaming how);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_NAMES_H_
