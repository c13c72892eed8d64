// The input is a whole image with its snapshots in rbd's format.
#include <cstddef>
#include <cstdint>
#include <string>

#include "copy/format/image_format.h"
#include "test/copy/format/stream.h"
#include "test/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rbdkit::copy::MemoryInput input(std::string(reinterpret_cast<const char*>(data), size), 1 + size % 13);
  rbdkit::copy::FormatReader reader(input, false);
  rbdkit::copy::ImageReader image(reader);
  rbdkit::copy::Error error = image.ReadHeader();
  uint64_t diffs = 0;
  rbdkit::copy::DiffReader* diff = nullptr;
  do {
    if (!error) error = image.NextDiff(&diff);
    FUZZ_CHECK(!error || !error.message.empty());
    if (error) return 0;
    rbdkit::copy::DiffRecord record;
    // Not all of each: what is left is for the reader to skip.
    if (diff != nullptr && ++diffs % 2 == 0) error = diff->Next(&record);
  } while (diff != nullptr);
  FUZZ_CHECK(diffs == image.diffs());
  return 0;
}
