// A MergedDiff is two diffs that follow each other, read as one. It runs on a job's thread.
#ifndef RBDKIT_COPY_FORMAT_DIFF_MERGE_H_
#define RBDKIT_COPY_FORMAT_DIFF_MERGE_H_

#include "copy/format/diff_format.h"

namespace rbdkit::copy {

// A MergedDiff has the records of the second diff, and those of the first where the second has none. They are
// cut as `rbd merge-diff` cuts them, so that the same bytes come out. It reads both as it goes and keeps
// nothing.
class MergedDiff final : public DiffStream {
 public:
  // Both are borrowed.
  MergedDiff(DiffStream& first, DiffStream& second) : first_{first}, second_{second} {}

  // ReadHeader() reads both headers. EINVAL: the second diff does not begin where the first one ends.
  Error ReadHeader() override;
  Error Next(DiffRecord* record) override;
  Error ReadData(char* buffer, size_t length) override;
  Error SkipData(uint64_t length) override;

 private:
  struct Input {
    DiffStream& stream;
    DiffRecord rest{};  // what is left of its current record
    bool ended = false;
  };
  // Fill() sees to it that `rest` is a record, or that the input has ended.
  static Error Fill(Input& input);
  void Emit(Input& input, uint64_t length, DiffRecord* record);

  Input first_;
  Input second_;
  DiffStream* current_ = nullptr;  // whose data ReadData() gives
  uint64_t data_left_ = 0;         // of the record that was given last
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_DIFF_MERGE_H_
