// These cases compare CRC32C with known vectors and with itself in parts.
#include "disk/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace rbdkit::copy {
namespace {

uint32_t Whole(const std::string& bytes) { return ~Crc32cUpdate(0xffffffff, bytes.data(), bytes.size()); }

TEST_CASE("crc32c: the vectors of RFC 3720, B.4") {
  CHECK(Whole(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(Whole(std::string(32, '\xff')) == 0x62a8ab43);
  std::string up;
  for (char i = 0; i < 32; ++i) up += i;
  CHECK(Whole(up) == 0x46dd794e);
  CHECK(Whole(std::string(up.rbegin(), up.rend())) == 0x113fdb5c);
  CHECK(Whole("123456789") == 0xe3069283);
  CHECK(Whole("") == 0);
}

TEST_CASE("crc32c: the instruction and the tables agree at every length and alignment") {
  std::minstd_rand random(1);
  std::string bytes(100000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (size_t length = 0; length < 300; ++length) {
    const size_t at = random() % 64;
    CHECK(Crc32cUpdate(7, bytes.data() + at, length) == Crc32cUpdatePortable(7, bytes.data() + at, length));
  }
  for (const size_t length : {24575, 24576, 24577, 49152, 73728, 99990}) {
    CHECK(Crc32cUpdate(9, bytes.data() + 3, length) == Crc32cUpdatePortable(9, bytes.data() + 3, length));
  }
}

TEST_CASE("crc32c: zeros by exponent are zeros by hand") {
  const std::string zeros(70000, '\0');
  for (const size_t length : {0, 1, 7, 4096, 65535, 70000}) {
    CHECK(Crc32cZeros(0x12345678, length) == Crc32cUpdatePortable(0x12345678, zeros.data(), length));
  }
  // Far beyond what can be tried by hand: two halves are one whole.
  const uint64_t far = uint64_t{1} << 52;
  CHECK(Crc32cZeros(Crc32cZeros(0xdeadbeef, far), far) == Crc32cZeros(0xdeadbeef, 2 * far));
  CHECK(Crc32cZeros(0, far) == 0);
}

TEST_CASE("crc32c: parts in any order make the whole") {
  std::minstd_rand random(2);
  std::string bytes(50000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = i / 10000 % 2 == 0 ? static_cast<char>(random()) : '\0';
  uint32_t parts = 0;
  for (size_t end = bytes.size(); end > 0;) {
    const size_t length = std::min<size_t>(end, 1 + random() % 7000);
    end -= length;
    parts ^= Crc32cZeros(Crc32cUpdate(0, bytes.data() + end, length), bytes.size() - end - length);
  }
  CHECK(Crc32cCombine(parts, bytes.size()) == Whole(bytes));
  CHECK(Crc32cCombine(0, 32) == 0x8a9136aa);
}

}  // namespace
}  // namespace rbdkit::copy
