// These cases write records of unfinished copies as text and read them back, and refuse what is no record.
#include "copy/publish/record.h"

#include <doctest/doctest.h>

namespace rbdkit::copy {
namespace {

Record Example() {
  Record record;
  record.kind = RecordKind::kImage;
  record.state = RecordState::kComplete;
  record.target = "a name\nof two lines \\n and a \\";
  record.id = "10ab";
  record.source = "file 1 2 3";
  record.settings = "22 - - - -";
  record.size = UINT64_MAX;
  record.mark.layer = 2;
  record.mark.before = 1 << 20;
  record.mark.offset = 5;
  record.mark.bytes_read = 4;
  record.mark.bytes_written = 3;
  record.mark.objects_moved = 2;
  record.mark.bytes_moved = 1;
  record.mark.crc = UINT32_MAX;
  record.old_id = "10cd";
  record.old_name = "a name.replaced.0";
  record.client = 4711;
  record.written = 1700000000;
  return record;
}

TEST_CASE("copy record: comes back as it was") {
  Record back;
  REQUIRE(DecodeRecord(EncodeRecord(Example()), &back));
  CHECK(EncodeRecord(back) == EncodeRecord(Example()));
  CHECK(back.target == Example().target);
  CHECK(back.size == UINT64_MAX);
  CHECK(back.mark.objects_moved == 2);
  CHECK(back.mark.bytes_moved == 1);
  CHECK(back.mark.crc == UINT32_MAX);
  CHECK(back.mark.durable() == (1 << 20) + 5);
  CHECK(back.mark.confirmed);
}

TEST_CASE("copy record: cut anywhere it is none") {
  const std::string text = EncodeRecord(Example());
  for (size_t length = 0; length < text.size(); ++length) {
    Record record;
    CHECK_FALSE(DecodeRecord(text.substr(0, length), &record));
  }
}

TEST_CASE("copy record: hostile texts are none") {
  const std::string whole = EncodeRecord(Example());
  const auto with = [&whole](const std::string& from, const std::string& to) {
    std::string text = whole;
    return text.replace(text.find(from), from.size(), to);
  };
  Record record;
  CHECK_FALSE(DecodeRecord(with("rbdkit-copy 1", "rbdkit-copy 2"), &record));
  CHECK_FALSE(DecodeRecord(with("kind 0", "kind 9"), &record));
  CHECK_FALSE(DecodeRecord(with("state 1", "state 3"), &record));
  CHECK_FALSE(DecodeRecord(with("offset 5", "offset 5x"), &record));
  CHECK_FALSE(DecodeRecord(with("offset 5", "offset 99999999999999999999999"), &record));
  CHECK_FALSE(DecodeRecord(with("crc 4294967295", "crc 4294967296"), &record));
  CHECK_FALSE(DecodeRecord(with("client 4711\n", ""), &record));
  CHECK_FALSE(DecodeRecord(with("client 4711", "client"), &record));
}

}  // namespace
}  // namespace rbdkit::copy
