// These functions list, finish and clear what copies that were killed have left in a pool and namespace, by
// their records. They block on a job's thread.
#ifndef RBDKIT_COPY_PUBLISH_IMAGE_LEFTOVERS_H_
#define RBDKIT_COPY_PUBLISH_IMAGE_LEFTOVERS_H_

#include <rados/librados.h>

#include <string>
#include <vector>

#include "ceph/long_call.h"
#include "copy/publish/leftover.h"
#include "disk/error.h"

namespace rbdkit::copy {

// IsInUse() tells whether the process that wrote `record` may still be at it.
Error IsInUse(rados_ioctx_t ioctx, const Record& record, bool* in_use);

// FinishCopiesTo() finishes the copies to `target` that were whole when they were cut off, so that `target`
// names what it is to name.
Error FinishCopiesTo(rados_ioctx_t ioctx, const std::string& target);

// ImageLeftovers() lists what is left. With `clear`, whole copies are given their name and the rest is
// removed; a leftover for which that fails has its error. Nothing of a copy that may be at work is touched.
// When `call` is stopped, what is left can be cleared later.
Error ImageLeftovers(rados_ioctx_t ioctx, bool clear, LongCall& call, std::vector<Leftover>* leftovers);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_IMAGE_LEFTOVERS_H_
