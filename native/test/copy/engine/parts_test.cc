// These cases check the engine's small parts: zeros, the pool, temporary names.
#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <string>

#include "disk/buffer_pool.h"
#include "disk/sparse.h"
#include "disk/temporary_name.h"

namespace rbdkit::copy {
namespace {

std::string Pieces(const std::string& bytes, uint64_t position, size_t smallest_hole) {
  std::vector<Piece> pieces;
  FindData(bytes.data(), bytes.size(), position, smallest_hole, &pieces);
  std::string text;
  for (const Piece& piece : pieces)
    text += std::to_string(piece.offset) + "+" + std::to_string(piece.length) + " ";
  return text;
}

TEST_CASE("sparse: one byte anywhere is seen") {
  for (const size_t length : {0, 1, 15, 16, 17, 31, 4096}) {
    std::string bytes(length, '\0');
    CHECK(IsZero(bytes.data(), length));
    for (size_t i = 0; i < length; ++i) {
      bytes[i] = 1;
      CHECK_FALSE(IsZero(bytes.data(), length));
      bytes[i] = 0;
    }
  }
}

TEST_CASE("sparse: grains are aligned in the image, not in the buffer") {
  std::string bytes(16384, '\0');
  CHECK(Pieces(bytes, 0, 0).empty());
  bytes[5000] = 'x';
  CHECK(Pieces(bytes, 0, 0) == "4096+4096 ");
  CHECK(Pieces(bytes, 4000, 0) == "4192+4096 ");
  CHECK(Pieces(bytes.substr(0, 5001), 0, 0) == "4096+905 ");
}

TEST_CASE("sparse: short holes are filled when asked") {
  std::string bytes(10 * 4096, '\0');
  bytes[0] = bytes[2 * 4096] = bytes[9 * 4096] = 'x';
  CHECK(Pieces(bytes, 0, 0) == "0+4096 8192+4096 36864+4096 ");
  CHECK(Pieces(bytes, 0, 4096) == "0+4096 8192+4096 36864+4096 ");
  CHECK(Pieces(bytes, 0, 8192) == "0+12288 36864+4096 ");
  CHECK(Pieces(bytes, 0, 65536) == "0+40960 ");
}

TEST_CASE("pool: all buffers are apart, aligned and writable, and come back") {
  BufferPool pool(65536, 5);
  std::set<char*> taken;
  for (size_t i = 0; i < pool.count(); ++i) {
    char* buffer = pool.Take();
    REQUIRE(buffer != nullptr);
    CHECK(reinterpret_cast<uintptr_t>(buffer) % 4096 == 0);
    memset(buffer, static_cast<int>(i), 65536);
    taken.insert(buffer);
  }
  CHECK(taken.size() == 5);
  CHECK(pool.empty());
  CHECK(pool.Take() == nullptr);
  char* one = *taken.begin();
  pool.Give(one);
  CHECK(pool.Take() == one);
}

TEST_CASE("temporary name: recognisable, never twice, never too long") {
  const std::string name = TemporaryName("disk", 255);
  CHECK(name.rfind("disk.rbdkit-", 0) == 0);
  CHECK(name.size() == strlen("disk.rbdkit-") + 16);
  CHECK(name != TemporaryName("disk", 255));
  const std::string longest = TemporaryName(std::string(255, 'a'), 255);
  CHECK(longest.size() == 255);
  CHECK(longest.find(".rbdkit-") == 255 - 24);
}

}  // namespace
}  // namespace rbdkit::copy
