// The input is a file in one of the formats that QEMU reads, which the first byte chooses.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "copy/format/qemu_format.h"
#include "test/disk/memory_reader.h"
#include "test/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static constexpr const char* formats[] = {"vmdk", "vdi", "vpc", "vhdx"};
  const rbdkit::copy::MemoryReader file(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  const std::atomic<bool> stop{false};
  const rbdkit::copy::Error error = rbdkit::copy::CheckQemuFormat(file, formats[data[0] % 4], stop);
  FUZZ_CHECK(!error || !error.message.empty());
  return 0;
}
