// A DiffDestination joins zeros that follow each other and writes records in order, on the engine's threads.
#include "copy/destination/diff.h"

#include "disk/sparse.h"

namespace rbdkit::copy {

Error DiffDestination::Prepare(uint64_t /*size*/, const std::optional<Layout>& /*source*/) {
  summary_ = {};
  if (Error error = describe_(&summary_.header)) return error;
  summary_.header.version = version_;
  if (version_ == 1) summary_.header.is_protected.reset();  // it has no place for that
  return writer_.Header(summary_.header);
}

void DiffDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  // The data may be zeros only, too few of them to be found before. A record of zeros is the smaller one all
  // the same.
  if (IsZero(buffer, length)) return Zero(offset, length, done);
  Done(WriteData(offset, length, buffer), done);
}

Error DiffDestination::WriteData(uint64_t offset, size_t length, const char* buffer) {
  if (Error error = WriteZeros()) return error;
  summary_.Count({DiffRecord::Kind::kData, offset, length});
  if (Error error = writer_.BeginData(offset, length)) return error;
  return writer_.Data(buffer, length);
}

void DiffDestination::Zero(uint64_t offset, uint64_t length, Operation* done) {
  if (zeros_.length > 0 && zeros_.end() == offset) {
    zeros_.length += length;
    return done->Complete(0);
  }
  Error error = WriteZeros();
  zeros_ = {DiffRecord::Kind::kZero, offset, length};
  Done(std::move(error), done);
}

Error DiffDestination::WriteZeros() {
  if (zeros_.length == 0) return {};
  summary_.Count(zeros_);
  Error error = writer_.Zero(zeros_.offset, zeros_.length);
  zeros_.length = 0;
  return error;
}

void DiffDestination::Done(Error error, Operation* done) {
  const int result = error.result;
  if (error && !error_) error_ = std::move(error);
  done->Complete(result);
}

Error DiffDestination::WriteError(int64_t result) const {
  return error_ ? error_ : Error(static_cast<int>(result), "write");
}

Error DiffDestination::Flush() {
  if (Error error = WriteZeros()) return error;
  if (Error error = writer_.End()) return error;
  return stream_.Flush();
}

}  // namespace rbdkit::copy
