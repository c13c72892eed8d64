// The input is what an OSD answers for an object map, after one byte of how many objects the image has.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ceph/object_states.h"
#include "test/fuzz/fuzz.h"

using rbdkit::copy::ObjectSet;
using rbdkit::copy::ObjectStates;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string answer(reinterpret_cast<const char*>(data + 1), size - 1);
  ObjectStates states;
  if (!states.Decode(answer, data[0])) return 0;
  ObjectSet there;
  there.Add(states);
  for (uint64_t at = there.NextIn(0); at != UINT64_MAX;) {
    const uint64_t end = there.NextOut(at);
    FUZZ_CHECK(at < data[0] && end > at && end <= data[0]);
    at = there.NextIn(end);
    FUZZ_CHECK(at > end);
  }
  return 0;
}
