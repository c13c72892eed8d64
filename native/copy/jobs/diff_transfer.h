// These jobs move diffs between images, files and streams, by the engine with a diff at one end. Each blocks
// the thread that calls it.
#ifndef RBDKIT_COPY_JOBS_DIFF_TRANSFER_H_
#define RBDKIT_COPY_JOBS_DIFF_TRANSFER_H_

#include <rados/librados.h>

#include <string>

#include "copy/engine/engine.h"
#include "copy/format/diff_format.h"
#include "copy/source/image.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

// The jobs block. `stop` ends them early; `report` is called on other threads. `summary` is of the diff.

struct DiffExport {
  std::string image;
  std::string snapshot;  // empty: the image as it is now
  Changes changes;
  int version = 1;
};
Error ExportDiff(rados_ioctx_t ioctx, const DiffExport& what, const StreamSpec& to, Options options,
                 StopSignal& stop, Meter::Report report, DiffSummary* summary);

// A DiffTarget is an image, or with an empty `image` the raw file `file`.
struct DiffTarget {
  rados_ioctx_t ioctx = nullptr;
  std::string image;
  std::string file;
  bool allow_shrink = false;
};
// ImportDiff() sees first whether a regular file is whole; nothing is written for one that is not.
Error ImportDiff(const StreamSpec& from, const DiffTarget& target, Options options, StopSignal& stop,
                 Meter::Report report, DiffSummary* summary);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_JOBS_DIFF_TRANSFER_H_
