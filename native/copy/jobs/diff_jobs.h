// These jobs work on diffs in files and streams alone, without a cluster. Each runs on the thread that calls
// it.
#ifndef RBDKIT_COPY_JOBS_DIFF_JOBS_H_
#define RBDKIT_COPY_JOBS_DIFF_JOBS_H_

#include <vector>

#include "copy/engine/meter.h"
#include "copy/format/diff_format.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

// Both jobs block. `stop` ends them early; `report` is called on another thread.

// InspectDiff() reads all of a diff, and gives an error when it is not whole.
Error InspectDiff(const StreamSpec& diff, StopSignal& stop, Meter::Report report, DiffSummary* summary);

// MergeDiffs() writes what at least two diffs do together. Each begins where the one before ends.
Error MergeDiffs(const std::vector<StreamSpec>& diffs, const StreamSpec& merged, StopSignal& stop,
                 Meter::Report report, DiffSummary* summary);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_JOBS_DIFF_JOBS_H_
