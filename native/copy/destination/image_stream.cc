// An ImageStreamDestination writes the image's header and begins a diff for each layer.
#include "copy/destination/image_stream.h"

namespace rbdkit::copy {

Error ImageStreamDestination::Prepare(uint64_t size, const std::optional<Layout>& source) {
  if (Error error = WriteImageHeader(writer_, image_summary_.header, source_.layers())) return error;
  return DiffDestination::Prepare(size, source);
}

Error ImageStreamDestination::BeginLayer(uint64_t size) {
  over_another_ = true;
  return DiffDestination::Prepare(size, std::nullopt);
}

// Flush() is called once for each layer, as no marks are kept.
Error ImageStreamDestination::Flush() {
  if (Error error = DiffDestination::Flush()) return error;
  image_summary_.Add(summary());
  return {};
}

Error ImageStreamDestination::Publish() {
  image_summary_.file_bytes = writer_.position();
  image_summary_.crc32c = writer_.crc32c();
  if (Error error = file_.Flush()) return error;
  return file_.Publish();
}

}  // namespace rbdkit::copy
