// FindMigration() tells whether librbd may be asked what an image has, or what has changed in it. It runs on
// a job's or an executor's thread.
#ifndef RBDKIT_CEPH_MIGRATION_H_
#define RBDKIT_CEPH_MIGRATION_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include "disk/error.h"

namespace rbdkit::copy {

// An image that is being migrated shows what another one has, which need not be one of librbd's. Between its
// snapshots rbd_diff_iterate2() leaves that out without an error, so it is called neither for such an image
// nor for a clone that has one among its ancestors, where it would be asked likewise. `like` is an ioctx of
// its cluster. What is open when a migration begins stays as it was. Blocks.
Error FindMigration(rbd_image_t image, rados_ioctx_t like, bool* migrating);

// Migrating() is the error that refuses what needs such an answer.
Error Migrating();

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_MIGRATION_H_
