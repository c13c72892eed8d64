// A DiffReader reads one diff of either version from a stream that nobody vouches for. It runs on a job's or
// an engine's thread, one at a time.
#ifndef RBDKIT_COPY_FORMAT_DIFF_READER_H_
#define RBDKIT_COPY_FORMAT_DIFF_READER_H_

#include "copy/format/diff_format.h"
#include "copy/format/format_stream.h"

namespace rbdkit::copy {

// A DiffReader is stricter than the rbd command, which trusts what it reads. Records ascend without
// overlapping and end within the image, metadata comes once and first, both lengths of a record agree, and
// only the end record ends a diff.
class DiffReader final : public DiffStream {
 public:
  // `reader` is borrowed and may go on after the diff's end.
  explicit DiffReader(FormatReader& reader) : reader_(reader) {}

  Error ReadHeader() override;
  Error Next(DiffRecord* record) override;
  Error ReadData(char* buffer, size_t length) override;
  Error SkipData(uint64_t length) override;
  // Resume() goes on in the middle of a diff whose header is known. The stream is at a record, and `offset`
  // is where the one before ends in the image.
  void Resume(int version, uint64_t size, uint64_t offset);

 private:
  Error ReadTag();
  Error ReadMetadata();
  Error ReadName(const char* what, std::optional<std::string>* name);
  Error CheckLength(uint64_t wanted);
  Error SkipUnknown();

  FormatReader& reader_;
  bool has_size_ = false;
  uint8_t tag_ = 0;             // of the record that begins
  uint64_t tag_position_ = 0;   // where it stands
  uint64_t record_length_ = 0;  // version 2: what the record says of itself
  bool tag_read_ = false;       // tag_ is a record that nobody has taken yet
  bool ended_ = false;
  uint64_t offset_ = 0;     // the last record's end in the image
  uint64_t data_left_ = 0;  // of the last record
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_DIFF_READER_H_
