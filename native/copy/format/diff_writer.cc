// A DiffWriter puts each record's head together and passes data through.
#include "copy/format/diff_writer.h"

namespace rbdkit::copy {

RecordBytes DiffWriter::Begin(char tag, uint64_t record_length) const {
  RecordBytes record;
  record.U8(static_cast<uint8_t>(tag));
  if (version_ == 2) record.U64(record_length);
  return record;
}

Error DiffWriter::Header(const DiffHeader& header) {
  if (Error error = writer_.Write(version_ == 1 ? kDiffBannerV1 : kDiffBannerV2)) return error;
  if (header.from) {
    if (Error error = Write(Begin(kDiffFromSnapshot, 4 + header.from->size()).Text(*header.from)))
      return error;
  }
  if (header.to) {
    if (Error error = Write(Begin(kDiffToSnapshot, 4 + header.to->size()).Text(*header.to))) return error;
  }
  if (version_ == 2 && header.to && header.is_protected) {
    if (Error error = Write(Begin(kDiffProtection, 1).U8(*header.is_protected ? 1 : 0))) return error;
  }
  return Write(Begin(kDiffSize, 8).U64(header.size));
}

Error DiffWriter::BeginData(uint64_t offset, uint64_t length) {
  return Write(Begin(kDiffData, 16 + length).U64(offset).U64(length));
}

Error DiffWriter::Zero(uint64_t offset, uint64_t length) {
  return Write(Begin(kDiffZero, 16).U64(offset).U64(length));
}

Error DiffWriter::End() {
  const char tag = kDiffEnd;
  return writer_.Write(&tag, 1);
}

}  // namespace rbdkit::copy
