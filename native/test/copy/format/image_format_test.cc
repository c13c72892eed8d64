// These cases write and read a whole image in one stream.
#include "copy/format/image_format.h"

#include <doctest/doctest.h>

#include <string>

#include "test/copy/format/stream.h"

namespace rbdkit::copy {
namespace {

std::string U64(uint64_t value) { return RecordBytes().U64(value).bytes(); }
std::string Text(const std::string& text) { return RecordBytes().Text(text).bytes(); }
std::string Meta(const std::string& key, const std::string& value) {
  return "M" + U64(8 + key.size() + value.size()) + Text(key) + Text(value);
}

const std::string banner = "rbd image v2\n";
const std::string diffs = "rbd image diffs v2\n";

struct Layer {
  std::optional<std::string> from;
  std::optional<std::string> to;
};

std::string Diff(const Layer& layer, int version = 2) {
  MemoryDiff diff;
  diff.header = {version, layer.from, layer.to, std::nullopt, 8192};
  diff.records = {{0, 4, "data"}, {4096, 4096, ""}};
  return diff.Bytes();
}

const std::string layers = diffs + U64(2) + Diff({{}, "a"}) + Diff({"a", {}});

// Reads to the end; how many diffs there were.
Error ReadImage(const std::string& bytes, ImageHeader* header, int* count) {
  MemoryInput input(bytes, 11);
  FormatReader reader(input, false);
  ImageReader image(reader);
  if (Error error = image.ReadHeader()) return error;
  *header = image.header();
  for (*count = 0;; ++*count) {
    DiffReader* diff = nullptr;
    if (Error error = image.NextDiff(&diff)) return error;
    if (diff == nullptr) return {};
    // Not all of it: what is left is skipped.
    DiffRecord record;
    if (Error error = diff->Next(&record)) return error;
  }
}

Error ReadImage(const std::string& bytes) {
  ImageHeader header;
  int count = 0;
  return ReadImage(bytes, &header, &count);
}

TEST_CASE("image: the bytes that rbd writes, read back") {
  ImageHeader header{22, 61, 4194304, 1, {{"key", "value"}, {"empty", ""}}};
  MemoryOutput output;
  FormatWriter writer(output);
  REQUIRE(!WriteImageHeader(writer, header, 2));
  REQUIRE(!writer.Flush());
  CHECK(output.bytes == banner + "O" + U64(8) + U64(22) + "T" + U64(8) + U64(61) + "U" + U64(8) +
                            U64(4194304) + "C" + U64(8) + U64(1) + Meta("key", "value") + Meta("empty", "") +
                            "E" + diffs + U64(2));
  ImageHeader read;
  int count = 0;
  REQUIRE(!ReadImage(output.bytes + Diff({{}, "a"}) + Diff({"a", {}}) + "after", &read, &count));
  CHECK(count == 2);
  CHECK(read.order == 22);
  CHECK(read.features == 61);
  CHECK(read.stripe_unit == 4194304);
  CHECK(read.stripe_count == 1);
  CHECK(read.metadata == header.metadata);
}

TEST_CASE("image: cut at any byte, it is an error") {
  const std::string bytes = banner + "O" + U64(8) + U64(22) + Meta("k", "v") + "E" + layers;
  REQUIRE(!ReadImage(bytes));
  for (size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    CHECK(ReadImage(bytes.substr(0, length)).code == kFormatUnsupported);
  }
}

TEST_CASE("image: streams that lie") {
  const uint64_t huge = uint64_t{1} << 60;
  std::string much;
  for (int i = 0; i < 100; ++i) much += Meta("k" + std::to_string(i), std::string(65536, 'v'));
  const std::pair<const char*, std::string> cases[] = {
      {"a diff", Diff({{}, {}})},
      {"a raw disk", std::string(512, '\0')},
      {"a property twice", banner + "O" + U64(8) + U64(22) + "O" + U64(8) + U64(22) + "E" + layers},
      {"a property of 4 bytes", banner + "O" + U64(4) + "\x16" + "E" + layers},
      {"an unknown record of 2^60 bytes", banner + "?" + U64(huge) + "E" + layers},
      {"metadata of 4 GiB", banner + "M" + U64(8 + 0xffffffffULL) + Text("k") + std::string(4, '\xff')},
      {"a key of 4 GiB", banner + "M" + U64(8 + 0xffffffffULL) + std::string(4, '\xff') + "kkk"},
      {"metadata whose lengths disagree", banner + "M" + U64(9) + Text("k") + Text("v") + "E" + layers},
      {"metadata without a key", banner + Meta("", "v") + "E" + layers},
      {"metadata with NUL", banner + Meta("k", std::string("a\0b", 3)) + "E" + layers},
      {"6 MiB of metadata", banner + much + "E" + layers},
      {"no diffs", banner + "E" + diffs + U64(0)},
      {"2^60 diffs", banner + "E" + diffs + U64(huge)},
      {"another second banner", banner + "E" + "rbd image diffs v3\n" + U64(1) + Diff({{}, {}})},
      {"a diff of version 1", banner + "E" + diffs + U64(1) + Diff({{}, {}}, 1)},
      {"a first diff from a snapshot", banner + "E" + diffs + U64(1) + Diff({"a", {}})},
      {"a broken chain", banner + "E" + diffs + U64(2) + Diff({{}, "a"}) + Diff({"b", {}})},
      {"a middle without a name", banner + "E" + diffs + U64(2) + Diff({{}, {}}) + Diff({{}, {}})},
      {"an end with a name", banner + "E" + diffs + U64(1) + Diff({{}, "a"})},
      {"fewer diffs than said", banner + "E" + diffs + U64(3) + Diff({{}, "a"}) + Diff({"a", "b"})},
  };
  for (const auto& [name, bytes] : cases) {
    CAPTURE(name);
    CHECK(ReadImage(bytes).code == kFormatUnsupported);
  }
}

TEST_CASE("image: unknown properties are skipped") {
  CHECK(!ReadImage(banner + "F" + U64(8) + U64(2) + "?" + U64(3) + "xyz" + "E" + layers));
}

}  // namespace
}  // namespace rbdkit::copy
