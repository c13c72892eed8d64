// These functions look at what an image that is to be replaced has beside its data. They give its successor
// what it gets of that, and refuse what would be lost. They block on a job's thread.
#ifndef RBDKIT_COPY_PUBLISH_OLD_IMAGE_H_
#define RBDKIT_COPY_PUBLISH_OLD_IMAGE_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "copy/endpoint.h"
#include "copy/naming.h"

namespace rbdkit::copy {

// RefuseLocked() gives EBUSY when somebody holds an advisory lock on the image (`rbd lock add`), because
// librbd does not rename it then. Blocks, as all of these do.
Error RefuseLocked(rbd_image_t image);

// RefuseInUse() gives EBUSY when somebody has the image `id` open for writing.
Error RefuseInUse(rados_ioctx_t ioctx, const std::string& id);

// RefuseLosses() gives kReplaceLoses when `old` has something that cannot be given to its successor and that
// `naming` does not allow to be lost.
Error RefuseLosses(rbd_image_t old, const Naming& naming);

// DataPoolOf() gives the pool of the image's data objects; empty: the image's own pool.
Error DataPoolOf(rados_ioctx_t ioctx, rbd_image_t old, std::string* name);

// Inherit() gives `heir`, which is whole and not named yet, what the image `old_id` has: the feature
// journaling unless `own_features`, the limit of snapshots, and metadata. `metadata` takes the latter, and
// what is in there already stays. An old image that has gone meanwhile has nothing.
Error Inherit(rados_ioctx_t ioctx, const std::string& old_id, rbd_image_t heir, bool own_features,
              Metadata* metadata);

// PassGroupOn() puts the image `heir` into the group that `old`, whose id is `old_id`, is in, and takes `old`
// out of it. It can be repeated from any point, because the old image is the last to leave, and tells which
// group it was.
Error PassGroupOn(rados_ioctx_t ioctx, rbd_image_t old, const std::string& old_id, const std::string& heir);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_OLD_IMAGE_H_
