// A DiffDestination writes what changed as one of rbd's diffs. Its calls block, one thread at a time: the
// job's and the engine's.
#ifndef RBDKIT_COPY_DESTINATION_DIFF_H_
#define RBDKIT_COPY_DESTINATION_DIFF_H_

#include <functional>
#include <utility>

#include "copy/endpoint.h"
#include "copy/format/diff_writer.h"
#include "disk/byte_stream.h"

namespace rbdkit::copy {

// A DiffDestination writes to a stream that its owner finishes.
class DiffDestination : public Destination {
 public:
  // A Describe tells what a diff is of, when the diff begins.
  using Describe = std::function<Error(DiffHeader* header)>;

  // `writer` and `stop` are borrowed.
  DiffDestination(FormatWriter& writer, int version, Describe describe, StopSignal& stop)
      : writer_(writer, version),
        version_(version),
        stream_(writer),
        describe_(std::move(describe)),
        stop_(stop) {}

  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  // A record costs 17 or 25 bytes, and an operation where it is applied.
  size_t smallest_hole() const override { return 64 << 10; }
  bool needs_zeros() const override { return true; }
  bool ordered() const override { return true; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  void Zero(uint64_t offset, uint64_t length, Operation* done) override;
  Error WriteError(int64_t result) const override;
  void Interrupt() override { stop_.Stop(); }
  Error Flush() override;
  Error Publish() override { return {}; }
  Error Abandon() override { return {}; }

  // After Flush().
  const DiffSummary& summary() const { return summary_; }

 private:
  Error WriteData(uint64_t offset, size_t length, const char* buffer);
  Error WriteZeros();
  void Done(Error error, Operation* done);

  DiffWriter writer_;
  const int version_;
  FormatWriter& stream_;
  const Describe describe_;
  StopSignal& stop_;
  DiffSummary summary_;
  // `zeros_` are zeros that may go on.
  DiffRecord zeros_{DiffRecord::Kind::kZero, 0, 0};
  Error error_;  // the first one
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_DIFF_H_
