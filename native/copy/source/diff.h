// A DiffSource is a diff that is read: what it does not name is as it was before. Its calls block, one thread
// at a time: the job's and the engine's.
#ifndef RBDKIT_COPY_SOURCE_DIFF_H_
#define RBDKIT_COPY_SOURCE_DIFF_H_

#include "copy/endpoint.h"
#include "copy/format/diff_format.h"
#include "disk/byte_stream.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

class DiffSource : public Source {
 public:
  // All are borrowed. The header has been read; `file` is what it was read from.
  DiffSource(DiffStream& diff, InputFile& file, StopSignal& stop) : file_(file), stop_(stop) { Begin(diff); }

  Error Open() override { return {}; }
  uint64_t size() const override { return diff_->header().size; }
  bool sequential() const override { return true; }
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override;
  void Interrupt() override { stop_.Stop(); }
  // Confirm() tells whether the diff is whole: its end comes next, and then the stream's.
  Error Confirm() override;
  Error Close() override { return {}; }

  // After Confirm().
  const DiffSummary& summary() const { return summary_; }

 protected:
  // From Begin() on the source is of that diff.
  void Begin(DiffStream& diff);
  // ReadEnd() goes to the diff's end.
  Error ReadEnd();
  InputFile& file() { return file_; }

 private:
  Error Advance();

  DiffStream* diff_ = nullptr;
  InputFile& file_;
  StopSignal& stop_;
  DiffSummary summary_;
  DiffRecord record_;  // the newest
  Error error_;        // of the last Read()
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_DIFF_H_
