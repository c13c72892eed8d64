// The input is a diff and, after 16 bits that say how long that is, the one that follows it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "copy/format/diff_merge.h"
#include "test/copy/format/stream.h"
#include "test/fuzz/fuzz.h"

namespace {

using rbdkit::copy::DiffReader;
using rbdkit::copy::Error;
using rbdkit::copy::FormatReader;
using rbdkit::copy::MemoryDiff;
using rbdkit::copy::MemoryInput;
using rbdkit::copy::MergedDiff;

// What images of this size become can be compared.
constexpr uint64_t kSmall = 1 << 16;

void CheckContent(const std::string& first, const std::string& second, const MemoryDiff& merged) {
  MemoryDiff a;
  MemoryDiff b;
  FUZZ_CHECK(!rbdkit::copy::ReadDiff(first, &a) && !rbdkit::copy::ReadDiff(second, &b));
  if (a.header.size > kSmall || b.header.size > kSmall) return;
  const std::string base(kSmall / 2, '\x55');
  FUZZ_CHECK(merged.Over(base) == b.Over(a.Over(base)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const size_t cut = std::min<size_t>(bytes.size(), data[0] | data[1] << 8);
  const std::string first = bytes.substr(0, cut);
  const std::string second = bytes.substr(cut);
  MemoryInput inputs[] = {MemoryInput(first), MemoryInput(second, 5)};
  FormatReader readers[] = {{inputs[0], false}, {inputs[1], false}};
  DiffReader diffs[] = {DiffReader(readers[0]), DiffReader(readers[1])};
  MergedDiff merge(diffs[0], diffs[1]);
  Error error = merge.ReadHeader();
  MemoryDiff merged;
  if (!error) error = rbdkit::copy::ReadRecords(merge, &merged);
  FUZZ_CHECK(!error || !error.message.empty());
  if (error) return 0;
  MemoryDiff again;
  FUZZ_CHECK(!rbdkit::copy::ReadDiff(merged.Bytes(), &again));
  CheckContent(first, second, merged);
  return 0;
}
