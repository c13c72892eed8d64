// The input is a qcow2 file: its header, then its whole map, then what its first clusters decompress to.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "copy/format/qcow2_header.h"
#include "copy/format/qcow2_image.h"
#include "test/disk/memory_reader.h"
#include "test/fuzz/fuzz.h"

namespace {

using rbdkit::copy::Error;
using rbdkit::copy::Mapping;
using rbdkit::copy::MemoryReader;
using rbdkit::copy::Qcow2Header;
using rbdkit::copy::Qcow2Image;

constexpr int kReads = 16;

void CheckInFile(const Mapping& mapping, uint64_t file_size) {
  if (mapping.kind == Mapping::Kind::kData) FUZZ_CHECK(mapping.host < file_size);
  if (mapping.kind != Mapping::Kind::kCompressed) return;
  FUZZ_CHECK(mapping.host_length > 0 && mapping.host < file_size);
  FUZZ_CHECK(mapping.host_length <= file_size - mapping.host);
}

void ReadAll(const MemoryReader& file, const Qcow2Header& header) {
  Qcow2Image image(file, header);
  std::vector<char> cluster(header.cluster_size());
  int reads = 0;
  uint64_t mappings = 0;
  for (uint64_t offset = 0; offset < header.size;) {
    Mapping planned;
    if (const Error error = image.map().FindNext(offset, &planned)) {
      FUZZ_CHECK(!error.message.empty());
      return;
    }
    Mapping found;
    FUZZ_CHECK(!image.map().Find(offset, &found));
    FUZZ_CHECK(found.kind == planned.kind && found.length == planned.length && found.host == planned.host);
    FUZZ_CHECK(planned.length > 0);
    CheckInFile(planned, file.size());
    // A map that is bounded by its file is walked in no time: an entry takes eight bytes.
    FUZZ_CHECK(++mappings <= 4 * file.size() + 64);
    if (planned.kind == Mapping::Kind::kCompressed && ++reads <= kReads) {
      const Error error = image.ReadCompressed(planned, offset, planned.length, cluster.data());
      FUZZ_CHECK(!error || !error.message.empty());
    }
    if (planned.length >= header.size - offset) return;
    offset += planned.length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryReader file(std::string(reinterpret_cast<const char*>(data), size));
  Qcow2Header header;
  if (const Error error = rbdkit::copy::ParseQcow2Header(file, &header)) {
    FUZZ_CHECK(!error.message.empty());
    return 0;
  }
  ReadAll(file, header);
  return 0;
}
