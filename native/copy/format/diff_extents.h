// ReadDiffExtents() lists the extents of a diff in a file, some at a time. It runs on an executor's thread.
#ifndef RBDKIT_COPY_FORMAT_DIFF_EXTENTS_H_
#define RBDKIT_COPY_FORMAT_DIFF_EXTENTS_H_

#include <string>
#include <vector>

#include "copy/format/diff_format.h"

namespace rbdkit::copy {

// A DiffCursor says where to go on. Nothing is open between two calls.
struct DiffCursor {
  uint64_t position = 0;  // in the file; 0: at its beginning
  // Of the header.
  int version = 1;
  uint64_t size = 0;
  uint64_t offset = 0;  // the last extent's end
};

// ReadDiffExtents() gives the next extents, at most `max`, and where those after them begin. None: the diff
// has ended. Only headers are read, so `file` must be one that can be read anywhere.
Error ReadDiffExtents(const std::string& file, size_t max, DiffCursor* cursor,
                      std::vector<DiffRecord>* extents);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_DIFF_EXTENTS_H_
