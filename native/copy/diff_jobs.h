// What is done with files of diffs alone, without a cluster.
#ifndef RBDKIT_COPY_DIFF_JOBS_H_
#define RBDKIT_COPY_DIFF_JOBS_H_

#include <vector>

#include "copy/diff_format.h"
#include "copy/meter.h"
#include "copy/stream_file.h"

namespace rbdkit::copy {

// What is in a diff.
struct DiffSummary {
  DiffHeader header;
  uint64_t data_extents = 0;
  uint64_t data_bytes = 0;
  uint64_t zero_extents = 0;
  uint64_t zero_bytes = 0;
  uint64_t file_bytes = 0;
  uint32_t crc32c = 0;  // of the file's bytes

  void Count(const DiffRecord& record);
};

// Both block; `stop` ends them early, `report` is called on another thread.

// Reads all of a diff: an error when it is not whole.
Error InspectDiff(const StreamSpec& diff, const StopSignal& stop, Meter::Report report, DiffSummary* summary);

// Writes what at least two diffs, each of which begins where the one before ends, do together.
Error MergeDiffs(const std::vector<StreamSpec>& diffs, const StreamSpec& merged, const StopSignal& stop,
                 Meter::Report report, DiffSummary* summary);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DIFF_JOBS_H_
