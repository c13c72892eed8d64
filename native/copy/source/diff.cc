// A DiffSource turns records into extents, with what lies between them as unchanged.
#include "copy/source/diff.h"

namespace rbdkit::copy {

void DiffSource::Begin(DiffStream& diff) {
  diff_ = &diff;
  summary_ = {};
  summary_.header = diff.header();
  record_ = {DiffRecord::Kind::kZero, 0, 0};
}

Error DiffSource::Advance() {
  if (Error error = diff_->Next(&record_)) return error;
  summary_.Count(record_);
  return {};
}

Error DiffSource::Next(uint64_t offset, Extent* extent) {
  if (record_.kind != DiffRecord::Kind::kEnd && record_.end() <= offset) {
    if (Error error = Advance()) return error;
  }
  if (record_.kind == DiffRecord::Kind::kEnd) {
    *extent = {offset, size() - offset, Content::kSame};
  } else if (offset < record_.offset) {
    *extent = {offset, record_.offset - offset, Content::kSame};
  } else {
    const bool data = record_.kind == DiffRecord::Kind::kData;
    *extent = {offset, record_.end() - offset, data ? Content::kData : Content::kHole};
  }
  return {};
}

void DiffSource::Read(uint64_t /*offset*/, size_t length, char* buffer, Operation* done) {
  error_ = diff_->ReadData(buffer, length);
  done->Complete(error_ ? error_.result : static_cast<int64_t>(length));
}

Error DiffSource::ReadError(int64_t result) const {
  return error_ ? error_ : Error(static_cast<int>(result), "read");
}

Error DiffSource::ReadEnd() {
  while (record_.kind != DiffRecord::Kind::kEnd) {
    if (Error error = Advance()) return error;
  }
  return {};
}

Error DiffSource::Confirm() {
  if (Error error = ReadEnd()) return error;
  return file_.Finish();
}

}  // namespace rbdkit::copy
