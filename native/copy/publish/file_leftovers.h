// What copies that were killed have left in a directory.
#ifndef RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_
#define RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_

#include <string>
#include <vector>

#include "copy/publish/leftover.h"
#include "disk/error.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// Opens the temporary and locks it: whoever has the lock is at work on it. EBUSY: somebody else is. ENOENT:
// it is not there any more.
Error LockTemporary(int directory, const std::string& temporary, UniqueFd* fd);

// Whether an open file has been removed.
Error IsGone(int fd, bool* gone);

// Removes a temporary and its record, whatever there is of them.
Error RemoveTemporaryFile(int directory, const std::string& temporary);

// Finishes the copies to `target` that were whole when they were cut off.
Error FinishFilesTo(int directory, const std::string& target);

// Lists what is left. With `clear`, whole copies are given their name and the rest is removed; one that fails
// has its error. Only what has a record is looked at, and nothing that is locked.
Error FileLeftovers(const std::string& path, bool clear, std::vector<Leftover>* leftovers);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_FILE_LEFTOVERS_H_
