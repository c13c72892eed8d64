// These functions list, finish and clear what copies that were killed have left in a directory. They block on
// a job's thread.
#ifndef RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_
#define RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_

#include <string>
#include <vector>

#include "copy/publish/leftover.h"
#include "disk/error.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// LockTemporary() opens the temporary and locks it. Whoever has the lock is at work on it. EBUSY: somebody
// else is. ENOENT: it is not there any more.
Error LockTemporary(int directory, const std::string& temporary, UniqueFd* fd);

// IsGone() tells whether an open file has been removed.
Error IsGone(int fd, bool* gone);

// RemoveTemporaryFile() removes a temporary and its record, whatever there is of them.
Error RemoveTemporaryFile(int directory, const std::string& temporary);

// FinishFilesTo() finishes the copies to `target` that were whole when they were cut off.
Error FinishFilesTo(int directory, const std::string& target);

// FileLeftovers() lists what is left. With `clear`, whole copies are given their name and the rest is
// removed; a leftover for which that fails has its error. Only what has a record is looked at, and nothing
// that is locked.
Error FileLeftovers(const std::string& path, bool clear, std::vector<Leftover>* leftovers);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_
