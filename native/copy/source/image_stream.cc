// An ImageStreamSource goes from one diff of the stream to the next.
#include "copy/source/image_stream.h"

namespace rbdkit::copy {

Error ImageStreamSource::BeginLayer(uint64_t index) {
  before_ += size();
  index_ = index;
  DiffReader* diff = nullptr;
  if (Error error = stream_.NextDiff(&diff)) return error;
  Begin(*diff);
  return {};
}

std::optional<SnapshotSpec> ImageStreamSource::snapshot() const {
  const DiffHeader& header = summary().header;
  if (!header.to) return std::nullopt;
  return SnapshotSpec{*header.to, header.is_protected.value_or(false)};
}

Error ImageStreamSource::Confirm() {
  if (Error error = ReadEnd()) return error;
  image_summary_.Add(summary());
  if (index_ + 1 < layers()) return {};
  DiffReader* none = nullptr;
  if (Error error = stream_.NextDiff(&none)) return error;  // the stream's end
  return file().Finish();
}

}  // namespace rbdkit::copy
