// The input is a value of an image's header, after one byte that says which.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "ceph/image_header.h"
#include "test/fuzz/fuzz.h"

using rbdkit::copy::ImageHeader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view value(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr size_t kKeys = std::size(ImageHeader::kKeys);
  const size_t which = data[0] % (kKeys + 2);
  ImageHeader header;
  if (which < kKeys) {
    header.Set(ImageHeader::kKeys[which], value);
  } else if (which == kKeys) {
    header.AddSnapshot(value);
    FUZZ_CHECK(header.snapshots.size() == 1 && header.snapshots[0].name.size() <= value.size());
  } else {
    header.SetLock(value);
    FUZZ_CHECK(header.lockers.size() <= value.size() + 1);
  }
  return 0;
}
