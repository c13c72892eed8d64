// These cases read qcow2 files that are made byte by byte; test/unit/copy-qcow2.test.ts has those of
// qemu-img.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "copy/format/qcow2_header.h"
#include "copy/format/qcow2_image.h"
#include "test/copy/format/qcow2_builder.h"
#include "test/disk/deflate.h"
#include "test/disk/memory_reader.h"

namespace rbdkit::copy {
namespace {

std::string HeaderError(const Qcow2Builder& image) {
  const MemoryReader file(image.bytes());
  Qcow2Header header;
  const Error error = ParseQcow2Header(file, &header);
  CHECK(error.code == (error ? kFormatUnsupported : ""));
  return error.message;
}

// Walks the whole disk and reads what is compressed: what it finds, "data@host+length ..." , or the error.
std::string Walk(const std::string& bytes, int* steps = nullptr) {
  const MemoryReader file(bytes);
  Qcow2Header header;
  if (const Error error = ParseQcow2Header(file, &header)) return error.message;
  Qcow2Image image(file, header);
  std::vector<char> cluster(header.cluster_size());
  std::string found;
  for (uint64_t offset = 0; offset < header.size;) {
    if (steps != nullptr) ++*steps;
    Mapping mapping;
    if (const Error error = image.map().FindNext(offset, &mapping)) return error.message;
    REQUIRE(mapping.length > 0);
    static constexpr const char* kinds[] = {"none", "zero", "data", "compressed"};
    if (mapping.kind != Mapping::Kind::kUnallocated) {
      found += std::to_string(offset) + ":" + kinds[static_cast<int>(mapping.kind)];
      if (mapping.host != 0) found += "@" + std::to_string(mapping.host);
      found += "+" + std::to_string(mapping.length) + " ";
    }
    if (mapping.kind == Mapping::Kind::kCompressed) {
      if (const Error error = image.ReadCompressed(mapping, offset, mapping.length, cluster.data())) {
        return error.message;
      }
    }
    offset += std::min(mapping.length, header.size - offset);
  }
  return found;
}

bool Has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::string DeflatedZeros(size_t length) { return Deflate(std::string(length, '\0')); }

TEST_CASE("copy qcow2: what a reader must not read is refused, and the message says why") {
  CHECK(HeaderError(Qcow2Builder()) == "");
  CHECK(HeaderError(Qcow2Builder().Set64(72, 1)) == "");  // dirty: refcounts only
  const auto feature = [](int bit) { return HeaderError(Qcow2Builder().Set64(72, uint64_t{1} << bit)); };
  CHECK(Has(feature(1), "marked as corrupt"));
  CHECK(Has(feature(2), "external data file"));
  CHECK(Has(feature(3), "compression type"));
  for (int bit = 5; bit < 64; ++bit) CHECK(Has(feature(bit), ("bit " + std::to_string(bit)).c_str()));
  CHECK(Has(feature(4), "too small for extended"));
  CHECK(Has(HeaderError(Qcow2Builder().Put(0, "QFI\xfa")), "not a qcow2 image"));
  CHECK(Has(HeaderError(Qcow2Builder().Set32(4, 1)), "version 1"));
  CHECK(Has(HeaderError(Qcow2Builder().Set32(4, 4)), "version 4"));
  CHECK(Has(HeaderError(Qcow2Builder().Set32(32, 1)), "encrypted"));
  CHECK(Has(HeaderError(Qcow2Builder().Set32(32, 2)), "encrypted"));
  for (const uint32_t bits : {0U, 8U, 22U, 63U, 64U, 0xffffffffU}) {
    CHECK(Has(HeaderError(Qcow2Builder().Set32(20, bits)), "cluster size"));
  }
  for (const uint32_t length : {0U, 72U, 103U, 105U, 2048U, 0xfffffff8U}) {
    CHECK(Has(HeaderError(Qcow2Builder().Set32(100, length)), "header length"));
  }
  const auto compression = [](uint64_t flag, const char* type) {
    return HeaderError(Qcow2Builder().Set32(100, 112).Set64(72, flag << 3).Put(104, type));
  };
  CHECK(compression(1, "\1") == "");
  CHECK(Has(compression(1, "\2"), "compression type, 2"));
  CHECK(Has(compression(0, "\1"), "compression type, 1"));
}

TEST_CASE("copy qcow2: sizes and tables that cannot be are refused") {
  const auto size = [](uint64_t bytes) { return HeaderError(Qcow2Builder().Set64(24, bytes)); };
  CHECK(size(64 * 32768) == "");
  CHECK(Has(size(64 * 32768 + 1), "too short for its disk"));
  for (const uint64_t bytes : {uint64_t{1} << 62, UINT64_MAX, uint64_t{1} << 63}) {
    CHECK(Has(size(bytes), "impossible disk size"));
  }
  CHECK(Has(HeaderError(Qcow2Builder().Set32(36, 0)), "too short for its disk"));
  CHECK(HeaderError(Qcow2Builder().Set32(36, 0xffffffff)) ==
        "");  // what is behind the disk's end is not read
  CHECK(Has(HeaderError(Qcow2Builder().Set64(40, 513)), "misaligned L1"));
  CHECK(Has(HeaderError(Qcow2Builder().Set64(40, 4096)), "truncated"));
  CHECK(Has(HeaderError(Qcow2Builder().Set64(40, UINT64_MAX - 511)), "truncated"));
  // An extension or a name outside the first cluster.
  CHECK(Has(HeaderError(Qcow2Builder().Set32(104, 0x12345).Set32(108, 0xffffffff)), "header extension"));
  CHECK(Has(HeaderError(Qcow2Builder().Set64(8, 500).Set32(16, 13)), "backing file outside"));
  CHECK(Has(HeaderError(Qcow2Builder(12).Set64(8, 200).Set32(16, 1024)), "backing file outside"));
  CHECK(Has(HeaderError(Qcow2Builder().Set64(8, UINT64_MAX).Set32(16, 2)), "backing file outside"));
}

TEST_CASE("copy qcow2: the backing file's name and format") {
  Qcow2Builder image;
  image.Set32(104, 0x6803f857).Set32(108, 5).Put(112, "xxxxx");
  image.Set32(120, 0xe2792aca).Set32(124, 3).Put(128, "raw").Set64(8, 200).Set32(16, 8).Put(200, "base.raw");
  Qcow2Header header;
  REQUIRE(!ParseQcow2Header(MemoryReader(image.bytes()), &header));
  CHECK(header.backing_file == "base.raw");
  CHECK(header.backing_format == "raw");
}

TEST_CASE("copy qcow2: every kind of cluster") {
  const std::string zeros = DeflatedZeros(512);
  Qcow2Builder image;
  image.SetL2(1, 1).SetL2(2, 1536 | kCopiedFlag).SetL2(3, 1536 | 1).Put(1536, std::string(512, 'a'));
  image.Put(2148, zeros).SetL2(63, image.Compressed(2148, zeros.size()));
  CHECK(Walk(image.bytes()) == "512:zero+512 1024:data@1536+512 1536:zero+512 32256:compressed@2148+512 ");
  // In version 2 the zero flag is a reserved bit.
  Qcow2Builder old;
  old.Set32(4, 2).SetL2(1, 1);
  CHECK(Has(Walk(old.bytes()), "reserved bits"));
}

TEST_CASE("copy qcow2: extended L2 entries") {
  Qcow2Builder image(14, 3 * 16384);
  image.Set64(72, 1 << 4);
  image.SetL2(0, (3 << 14) | kCopiedFlag).SetL2(1, uint64_t{0b110} | uint64_t{0b11000} << 32);
  image.SetL2(2, 0).SetL2(3, uint64_t{0x80000000} << 32);
  image.Put(3 << 14, std::string(1536, 'a'));
  const std::string zeros = DeflatedZeros(16384);
  image.Put(60000, zeros).SetL2(4, image.Compressed(60000, zeros.size())).SetL2(5, UINT64_MAX);
  CHECK(Walk(image.bytes()) ==
        "512:data@49664+1024 1536:zero+1024 32256:zero+512 32768:compressed@60000+16384 ");
  CHECK(
      Has(Walk(Qcow2Builder(image).SetL2(1, uint64_t{1} | uint64_t{1} << 32).bytes()), "both data and zero"));
  CHECK(Has(Walk(Qcow2Builder(image).SetL2(0, 0).bytes()), "nowhere"));
  CHECK(Has(Walk(Qcow2Builder(image).SetL2(0, (3 << 14) | 1).bytes()), "reserved bits"));
}

TEST_CASE("copy qcow2: entries that point nowhere") {
  const auto l1 = [](uint64_t entry) { return Walk(Qcow2Builder().SetL1(0, entry).bytes()); };
  CHECK(Has(l1(1024 | 1), "reserved bits"));
  CHECK(Has(l1(1024 | uint64_t{1} << 56), "reserved bits"));
  CHECK(Has(l1(0x00fffffffffffe00), "truncated"));
  CHECK(Has(l1(1536), "truncated"));
  CHECK(Has(Walk(Qcow2Builder(12, 32768).SetL1(0, 8704).bytes()), "misaligned L2 table"));
  const auto l2 = [](uint64_t entry) { return Walk(Qcow2Builder().SetL2(0, entry).bytes()); };
  CHECK(Has(l2(1536), "truncated"));
  CHECK(Has(l2(1024 | 2), "reserved bits"));
  CHECK(Has(l2(kCompressedEntry | 1536), "truncated"));
  CHECK(Has(l2(kCompressedEntry | kCopiedFlag | 1024), "reserved bits"));
  CHECK(Has(l2(kCompressedEntry | 1024), "does not decompress"));
  CHECK(Has(Walk(Qcow2Builder(12, 32768).SetL2(0, 8704).bytes()), "misaligned cluster"));
}

TEST_CASE("copy qcow2: loops and overlaps end soon") {
  int steps = 0;
  // The L1 table as its own L2 table, and one L2 table for all.
  Qcow2Builder self(9, 64 * 32768);
  for (size_t i = 0; i < 64; ++i) self.SetL1(i, 512 | kCopiedFlag);
  CHECK(Has(Walk(self.bytes(), &steps), "more than once"));
  Qcow2Builder shared(9, 64 * 32768);
  for (size_t i = 0; i < 64; ++i) shared.SetL1(i, 1024 | kCopiedFlag);
  CHECK(Has(Walk(shared.bytes(), &steps), "more than once"));
  // All clusters in one place.
  Qcow2Builder same;
  for (size_t i = 0; i < 64; ++i) same.SetL2(i, 1024 | kCopiedFlag);
  CHECK(Has(Walk(same.bytes(), &steps), "more than once"));
  CHECK(steps < 1000);
  // Half a terabyte out of one compressed cluster.
  Qcow2Builder bomb(21, uint64_t{1} << 39);
  const std::string zeros = DeflatedZeros(bomb.cluster());
  bomb.Put(3 * bomb.cluster(), zeros);
  for (size_t i = 0; i < bomb.cluster() / 8; ++i) {
    bomb.SetL1(i, (2 * bomb.cluster()) | kCopiedFlag);
    bomb.SetL2(i, bomb.Compressed(3 * bomb.cluster(), zeros.size()));
  }
  const MemoryReader file(bomb.bytes());
  Qcow2Header header;
  REQUIRE(!ParseQcow2Header(file, &header));
  Qcow2Map map(file, header);
  Error error;
  uint64_t offset = 0;
  for (Mapping mapping; !error && offset < header.size; offset += mapping.length) {
    error = map.FindNext(offset, &mapping);
  }
  CHECK(Has(error.message, "more than once"));
}

TEST_CASE("copy qcow2: cut at every byte, or with any bits flipped, it is read or refused") {
  const std::string zeros = DeflatedZeros(512);
  Qcow2Builder image;
  image.SetL2(1, 1).SetL2(2, 1536 | kCopiedFlag).Put(1536, std::string(512, 'a'));
  image.Put(2048, zeros).SetL2(3, image.Compressed(2048, zeros.size()));
  const std::string whole = Walk(image.bytes());
  REQUIRE(Has(whole, "compressed"));
  // The last byte only ends the deflate stream.
  for (size_t length = 0; length < image.bytes().size() - 1; ++length) {
    CAPTURE(length);
    CHECK(Walk(image.bytes().substr(0, length)) != whole);
  }
  std::minstd_rand random(1);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = image.bytes();
    const int flips = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < flips; ++i) {
      // Mostly where the tables and the header's fields are.
      const size_t most = round % 2 == 0 ? 112 : bytes.size();
      bytes[random() % most] ^= static_cast<char>(1 << random() % 8);
    }
    int steps = 0;
    refused += Has(Walk(bytes, &steps), "+") ? 0 : 1;
    REQUIRE(steps < 10000);
  }
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace rbdkit::copy
