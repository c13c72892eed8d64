// RemoveTemporary() removes the image of a copy that came to nothing. It blocks on a job's thread.
#ifndef RBDKIT_COPY_PUBLISH_IMAGE_REMOVAL_H_
#define RBDKIT_COPY_PUBLISH_IMAGE_REMOVAL_H_

#include <rados/librados.h>

#include <string>

#include "ceph/long_call.h"
#include "disk/error.h"

namespace rbdkit::copy {

// RemoveTemporary() removes a temporary image and its record, whatever there is of them. What that costs
// depends on what was written, not on the size that the image claims. When `call` is stopped, what is left
// can be removed later.
Error RemoveTemporary(rados_ioctx_t ioctx, const std::string& key, LongCall& call);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_IMAGE_REMOVAL_H_
