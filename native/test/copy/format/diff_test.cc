// These cases write and read rbd's diffs: the bytes, and streams that lie.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "copy/format/diff_merge.h"
#include "disk/crc32c.h"
#include "test/copy/format/stream.h"

namespace rbdkit::copy {
namespace {

std::string U64(uint64_t value) { return RecordBytes().U64(value).bytes(); }
std::string Text(const std::string& text) { return RecordBytes().Text(text).bytes(); }

const std::string v1 = "rbd diff v1\n";
const std::string v2 = "rbd diff v2\n";
const std::string size1 = "s" + U64(1 << 20);
const std::string size2 = "s" + U64(8) + U64(1 << 20);

std::string Zero1(uint64_t offset, uint64_t length) { return "z" + U64(offset) + U64(length); }

MemoryDiff Sample(int version) {
  MemoryDiff diff;
  diff.header = {version, "one", "two", std::nullopt, 1 << 20};
  if (version == 2) diff.header.is_protected = true;
  diff.records = {{0, 5, "hello"}, {5, 100, ""}, {4096, 3, "abc"}, {(1 << 20) - 1, 1, ""}};
  return diff;
}

TEST_CASE("diff: the bytes that rbd writes") {
  CHECK(Sample(1).Bytes() == v1 + "f" + Text("one") + "t" + Text("two") + size1 + "w" + U64(0) + U64(5) +
                                 "hello" + Zero1(5, 100) + "w" + U64(4096) + U64(3) + "abc" +
                                 Zero1((1 << 20) - 1, 1) + "e");
  CHECK(Sample(2).Bytes() == v2 + "f" + U64(7) + Text("one") + "t" + U64(7) + Text("two") + "p" + U64(1) +
                                 "\x01" + size2 + "w" + U64(21) + U64(0) + U64(5) + "hello" + "z" + U64(16) +
                                 U64(5) + U64(100) + "w" + U64(19) + U64(4096) + U64(3) + "abc" + "z" +
                                 U64(16) + U64((1 << 20) - 1) + U64(1) + "e");
}

TEST_CASE("diff: what was written is read, in pieces of any size, and nothing after its end") {
  for (const int version : {1, 2}) {
    const std::string bytes = Sample(version).Bytes();
    for (const size_t piece : {1, 7, 1000}) {
      MemoryInput input(bytes + "after", piece);
      FormatReader reader(input, true);
      DiffReader stream(reader);
      REQUIRE(!stream.ReadHeader());
      CHECK(stream.header().version == version);
      CHECK(stream.header().from == "one");
      CHECK(stream.header().to == "two");
      CHECK(stream.header().is_protected.has_value() == (version == 2));
      MemoryDiff diff;
      REQUIRE(!ReadRecords(stream, &diff));
      CHECK(diff.Bytes() == bytes);
      CHECK(reader.position() == bytes.size());
      CHECK(reader.crc32c() == ~Crc32cUpdate(0xffffffff, bytes.data(), bytes.size()));
      DiffRecord again;
      CHECK(!stream.Next(&again));
      CHECK(again.kind == DiffRecord::Kind::kEnd);
    }
  }
}

TEST_CASE("diff: data that nobody reads is skipped, also where the input cannot leap") {
  MemoryDiff large = Sample(1);
  large.records = {{0, 300000, std::string(300000, 'x')}, {300000, 4, "tail"}};
  for (const bool leaps : {true, false}) {
    MemoryInput input(large.Bytes(), SIZE_MAX, leaps);
    FormatReader reader(input, false);
    DiffReader stream(reader);
    REQUIRE(!stream.ReadHeader());
    DiffRecord record;
    REQUIRE(!stream.Next(&record));
    char first[3];
    REQUIRE(!stream.ReadData(first, 3));
    REQUIRE(!stream.Next(&record));
    CHECK(record.offset == 300000);
    char tail[4];
    REQUIRE(!stream.ReadData(tail, 4));
    CHECK(std::string(tail, 4) == "tail");
  }
}

TEST_CASE("diff: cut at any byte, it is an error") {
  for (const int version : {1, 2}) {
    const std::string bytes = Sample(version).Bytes();
    for (size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(length);
      MemoryDiff diff;
      const Error error = ReadDiff(bytes.substr(0, length), &diff);
      CHECK(error.code == kFormatUnsupported);
    }
  }
}

TEST_CASE("diff: Ceph 16 says 8 bytes of the one that tells protection") {
  MemoryDiff diff;
  REQUIRE(!ReadDiff(v2 + "t" + U64(5) + Text("a") + "p" + U64(8) + "\x01" + size2 + "e", &diff));
  CHECK(diff.header.is_protected == true);
}

TEST_CASE("diff: an unknown record of version 2 is skipped, of version 1 the end") {
  MemoryDiff diff;
  REQUIRE(!ReadDiff(v2 + "?" + U64(3) + "xyz" + size2 + "q" + U64(0) + "z" + U64(16) + U64(1) + U64(2) + "e",
                    &diff));
  CHECK(diff.records.size() == 1);
  CHECK(ReadDiff(v1 + size1 + "?e", &diff).message == "an unknown record '?', at byte 21");
  CHECK(ReadDiff(v1 + std::string("p\x01", 2) + size1 + "e", &diff).code == kFormatUnsupported);
}

TEST_CASE("diff: streams that lie") {
  const uint64_t huge = uint64_t{1} << 63;
  const std::string nul("a\0b", 3);
  const std::pair<const char*, std::string> cases[] = {
      {"empty", ""},
      {"another format", "rbd diff v3\n" + size1 + "e"},
      {"no size", v1 + "e"},
      {"no size before data", v1 + Zero1(0, 1) + size1 + "e"},
      {"size twice", v1 + size1 + size1 + "e"},
      {"size beyond all images", v1 + "s" + U64(huge) + "e"},
      {"from twice", v1 + "f" + Text("a") + "f" + Text("b") + size1 + "e"},
      {"to twice", v1 + "t" + Text("a") + "t" + Text("a") + size1 + "e"},
      {"a name of 4 GiB", v1 + "f" + std::string(4, '\xff') + std::string(5000, 'a')},
      {"a name of 4097 bytes", v1 + "f" + Text(std::string(4097, 'a')) + size1 + "e"},
      {"an empty name", v1 + "f" + Text("") + size1 + "e"},
      {"a name with NUL", v1 + "f" + Text(nul) + size1 + "e"},
      {"metadata after data", v1 + size1 + Zero1(0, 1) + "f" + Text("a") + "e"},
      {"length 2^63", v1 + size1 + "w" + U64(0) + U64(huge)},
      {"length 2^64-1", v1 + size1 + "w" + U64(1) + U64(~uint64_t{0}) + "x"},
      {"offset + length wraps", v1 + size1 + "z" + U64(~uint64_t{0} - 4095) + U64(8192) + "e"},
      {"beyond the end", v1 + size1 + Zero1((1 << 20) - 1, 2) + "e"},
      {"no bytes", v1 + size1 + Zero1(0, 0) + "e"},
      {"overlapping", v1 + size1 + Zero1(0, 10) + Zero1(9, 2) + "e"},
      {"descending", v1 + size1 + Zero1(100, 10) + Zero1(0, 10) + "e"},
      {"v2: lengths of a size disagree", v2 + "s" + U64(9) + U64(4096) + "e"},
      {"v2: lengths of a name disagree", v2 + "f" + U64(6) + Text("a") + size2 + "e"},
      {"v2: lengths of data disagree", v2 + size2 + "w" + U64(17) + U64(0) + U64(2) + "ab" + "e"},
      {"v2: lengths of zeros disagree", v2 + size2 + "z" + U64(17) + U64(0) + U64(2) + "e"},
      {"v2: protection twice", v2 + "p" + U64(1) + "\x01" + "p" + U64(1) + "\x01" + size2 + "e"},
      {"v2: protection of 2 bytes", v2 + "p" + U64(2) + "\x01\x01" + size2 + "e"},
      {"v2: a huge unknown record", v2 + "?" + U64(huge) + size2 + "e"},
      {"v2: an unknown record beyond the end", v2 + "?" + U64(1 << 20) + size2 + "e"},
  };
  for (const auto& [name, bytes] : cases) {
    CAPTURE(name);
    MemoryInput input(bytes);
    FormatReader reader(input, false);
    DiffReader stream(reader);
    Error error = stream.ReadHeader();
    DiffRecord record{DiffRecord::Kind::kZero, 0, 0};
    // Data is skipped, never held: a length says nothing of what is allocated.
    while (!error && record.kind != DiffRecord::Kind::kEnd) error = stream.Next(&record);
    CHECK(error.code == kFormatUnsupported);
    CHECK(error.message.find("at byte") != std::string::npos);
  }
}

MemoryDiff RandomDiff(std::minstd_rand& random, uint64_t size, const std::string& from,
                      const std::string& to) {
  MemoryDiff diff;
  diff.header.size = size;
  if (!from.empty()) diff.header.from = from;
  diff.header.to = to;
  uint64_t offset = 0;
  for (;;) {
    offset += random() % 3 == 0 ? 0 : random() % 20;
    if (offset >= size) return diff;
    const uint64_t length = std::min<uint64_t>(size - offset, 1 + random() % 30);
    std::string data;
    if (random() % 3 != 0) {
      for (uint64_t i = 0; i < length; ++i) data += static_cast<char>('a' + random() % 26);
    }
    diff.records.push_back({offset, length, data});
    offset += length;
  }
}

TEST_CASE("diff: merged, it does what the diffs do one after another") {
  std::minstd_rand random(7);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    // Shrinking and growing: what comes back after a shrink is zero.
    const uint64_t sizes[] = {random() % 200, random() % 200, random() % 200, random() % 200};
    std::string image(sizes[0], '\0');
    for (char& byte : image) byte = static_cast<char>('A' + random() % 26);
    MemoryDiff diffs[] = {RandomDiff(random, sizes[1], "a", "b"), RandomDiff(random, sizes[2], "b", "c"),
                          RandomDiff(random, sizes[3], "c", "d")};
    MemoryInput inputs[] = {MemoryInput(diffs[0].Bytes()), MemoryInput(diffs[1].Bytes(), 5),
                            MemoryInput(diffs[2].Bytes())};
    FormatReader readers[] = {{inputs[0], false}, {inputs[1], false}, {inputs[2], true}};
    DiffReader streams[] = {DiffReader(readers[0]), DiffReader(readers[1]), DiffReader(readers[2])};
    MergedDiff two(streams[0], streams[1]);
    MergedDiff three(two, streams[2]);
    REQUIRE(!three.ReadHeader());
    MemoryDiff merged;
    REQUIRE(!ReadRecords(three, &merged));
    CHECK(merged.header.from == "a");
    CHECK(merged.header.to == "d");
    CHECK(merged.Over(image) == diffs[2].Over(diffs[1].Over(diffs[0].Over(image))));
    // It is a diff itself: ascending, within the image.
    MemoryDiff again;
    CHECK(!ReadDiff(merged.Bytes(), &again));
  }
}

TEST_CASE("diff: those that do not follow each other are not merged") {
  const auto merge = [](const std::string& first, const std::string& second) {
    MemoryInput inputs[] = {MemoryInput(first), MemoryInput(second)};
    FormatReader readers[] = {{inputs[0], false}, {inputs[1], false}};
    DiffReader streams[] = {DiffReader(readers[0]), DiffReader(readers[1])};
    return MergedDiff(streams[0], streams[1]).ReadHeader();
  };
  const std::string to_a = v1 + "t" + Text("a") + size1 + "e";
  CHECK(!merge(to_a, v2 + "f" + U64(5) + Text("a") + size2 + "e"));
  CHECK(merge(to_a, v1 + "f" + Text("b") + size1 + "e").result == -EINVAL);
  CHECK(merge(v1 + size1 + "e", v1 + "f" + Text("a") + size1 + "e").result == -EINVAL);
  CHECK(merge(v1 + size1 + "e", v1 + size1 + "e").message ==
        "the diffs do not follow each other: one ends at no snapshot, the next begins at nothing");
}

}  // namespace
}  // namespace rbdkit::copy
