// These cases check what a run writes, and that a stamp finds every damage.
#include "bench/payload.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace rbdkit::bench {
namespace {

constexpr size_t kBlock = 65536;

// Bytes of `data` that are in a run of at least 64 zeros: what any compressor takes away.
double ZeroShare(const char* data, size_t length) {
  size_t zeros = 0;
  for (size_t at = 0; at < length;) {
    size_t end = at;
    while (end < length && data[end] == 0) ++end;
    if (end - at >= 64) zeros += end - at;
    at = end == at ? at + 1 : end;
  }
  return static_cast<double>(zeros) / static_cast<double>(length);
}

}  // namespace

TEST_CASE("payload: parts differ, stay in the pool, and have their share of zeros") {
  for (const double percent : {0.0, 25.0, 50.0, 90.0}) {
    CAPTURE(percent);
    const Payload payload(kBlock, percent, 3);
    Random random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {
      const char* data = payload.Take(random, kBlock);
      CHECK(ZeroShare(data, kBlock) == doctest::Approx(percent / 100).epsilon(0.02));
      seen.insert(std::string(data, 4096));
    }
    CHECK(seen.size() > 300);
  }
  const Payload all(kBlock, 100, 3);
  Random random(1);
  CHECK(ZeroShare(all.Take(random, kBlock), kBlock) == 1);
}

TEST_CASE("payload: the same seed gives the same bytes") {
  const Payload a(4096, 0, 3);
  const Payload b(4096, 0, 3);
  const Payload c(4096, 0, 4);
  Random x(1);
  Random y(1);
  Random z(1);
  const std::string of_a(a.Take(x, 4096), 4096);
  CHECK(of_a == std::string(b.Take(y, 4096), 4096));
  CHECK(of_a != std::string(c.Take(z, 4096), 4096));
}

TEST_CASE("stamp: what was written is known again, in blocks of any multiple") {
  const Stamp stamp(1, 2, 4096);
  std::string data(8 * 4096, 'x');
  stamp.Write(data.data(), 40960, data.size(), 17);
  CHECK(stamp.Check(data.data(), 40960, data.size()) == "");
  for (size_t part = 0; part < 8; ++part) {
    CHECK(stamp.Check(data.data() + part * 4096, 40960 + part * 4096, 4096) == "");
  }
  CHECK(stamp.Check(data.data() + 4096, 40960 + 4096, 3 * 4096) == "");
}

TEST_CASE("stamp: every bit that is flipped is found") {
  const Stamp stamp(1, 2, 512);
  std::string data(1024, 'y');
  stamp.Write(data.data(), 0, data.size(), 1);
  for (size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << bit % 8));
    if (stamp.Check(data.data(), 0, data.size()).empty()) FAIL("bit " << bit);
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << bit % 8));
  }
  CHECK(stamp.Check(data.data(), 0, data.size()) == "");
}

TEST_CASE("stamp: says what is wrong") {
  const Stamp stamp(1, 2, 512);
  std::string data(512, 'z');
  const auto check = [&](uint64_t offset) { return stamp.Check(data.data(), offset, data.size()); };
  CHECK(check(0).find("no stamp at byte 0") != std::string::npos);
  Stamp(9, 2, 512).Write(data.data(), 1024, 512, 1);
  CHECK(check(1024).find("another seed") != std::string::npos);
  Stamp(1, 9, 512).Write(data.data(), 1024, 512, 1);
  CHECK(check(1024).find("another image") != std::string::npos);
  stamp.Write(data.data(), 1024, 512, 1);
  CHECK(check(512).find("at byte 512 that was written at byte 1024") != std::string::npos);
  data[511] = 'Z';
  CHECK(check(1024).find("wrong checksum at byte 1024, written as number 1") != std::string::npos);
}

}  // namespace rbdkit::bench
