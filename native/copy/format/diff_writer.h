// A DiffWriter writes one diff of either version, byte for byte as the rbd command does. It runs on a job's
// or an engine's thread, one at a time.
#ifndef RBDKIT_COPY_FORMAT_DIFF_WRITER_H_
#define RBDKIT_COPY_FORMAT_DIFF_WRITER_H_

#include "copy/format/diff_format.h"
#include "copy/format/format_stream.h"

namespace rbdkit::copy {

class DiffWriter {
 public:
  // `writer` is borrowed and may go on after the diff's end.
  DiffWriter(FormatWriter& writer, int version) : writer_(writer), version_(version) {}

  Error Header(const DiffHeader& header);
  // BeginData() writes the head of a data record; Data() in parts of any size must follow for all of it.
  Error BeginData(uint64_t offset, uint64_t length);
  Error Data(const char* data, size_t length) { return writer_.Write(data, length); }
  Error Zero(uint64_t offset, uint64_t length);
  Error End();

 private:
  RecordBytes Begin(char tag, uint64_t record_length) const;
  Error Write(const RecordBytes& record) { return writer_.Write(record.bytes()); }

  FormatWriter& writer_;
  const int version_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_DIFF_WRITER_H_
