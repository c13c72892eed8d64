// The input is a diff. What the reader takes is written and read again, and must be the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "test/copy/format/stream.h"
#include "test/fuzz/fuzz.h"

namespace {

using rbdkit::copy::DiffRecord;
using rbdkit::copy::Error;
using rbdkit::copy::MemoryDiff;

void CheckOrder(const MemoryDiff& diff) {
  uint64_t end = 0;
  for (const auto& record : diff.records) {
    FUZZ_CHECK(record.offset >= end && record.length > 0);
    FUZZ_CHECK(record.length <= diff.header.size && record.offset <= diff.header.size - record.length);
    end = record.offset + record.length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  MemoryDiff diff;
  const Error error = rbdkit::copy::ReadDiff(bytes, &diff, 1 + size % 13);
  FUZZ_CHECK(!error || !error.message.empty());
  CheckOrder(diff);
  if (error) return 0;
  MemoryDiff again;
  FUZZ_CHECK(!rbdkit::copy::ReadDiff(diff.Bytes(), &again));
  FUZZ_CHECK(again.Bytes() == diff.Bytes());
  return 0;
}
