// What is done with files of diffs alone, without a cluster.
#ifndef RBDKIT_COPY_JOBS_DIFF_JOBS_H_
#define RBDKIT_COPY_JOBS_DIFF_JOBS_H_

#include <vector>

#include "copy/engine/meter.h"
#include "copy/format/diff_format.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

// Both block; `stop` ends them early, `report` is called on another thread.

// Reads all of a diff: an error when it is not whole.
Error InspectDiff(const StreamSpec& diff, StopSignal& stop, Meter::Report report, DiffSummary* summary);

// Writes what at least two diffs, each of which begins where the one before ends, do together.
Error MergeDiffs(const std::vector<StreamSpec>& diffs, const StreamSpec& merged, StopSignal& stop,
                 Meter::Report report, DiffSummary* summary);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_JOBS_DIFF_JOBS_H_
