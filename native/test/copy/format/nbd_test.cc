// These cases read what a server says on an NBD connection, the good and the hostile.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "copy/format/nbd_connection.h"

namespace rbdkit::copy {
namespace {

std::string Big(uint64_t value, int size) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(size < 8 ? value >> (8 * size) : 0);
  return bytes;
}

std::string OptionReply(uint32_t option, uint32_t type, const std::string& data, int64_t length = -1) {
  return Big(0x0003e889045565a9, 8) + Big(option, 4) + Big(type, 4) +
         Big(length < 0 ? data.size() : static_cast<uint64_t>(length), 4) + data;
}

std::string Chunk(uint64_t cookie, uint16_t flags, uint16_t type, const std::string& data) {
  return Big(0x668e33ef, 4) + Big(flags, 2) + Big(type, 2) + Big(cookie, 8) + Big(data.size(), 4) + data;
}

std::string Simple(uint64_t cookie, uint32_t error, const std::string& data) {
  return Big(0x67446698, 4) + Big(error, 4) + Big(cookie, 8) + data;
}

const std::string kHello = Big(0x4e42444d41474943, 8) + Big(0x49484156454f5054, 8) + Big(3, 2);
constexpr uint64_t kSize = uint64_t{1} << 40;
const std::string kInfo = Big(0, 2) + Big(kSize, 8) + Big(0x101, 2);
// Also what was not asked for, which is passed over.
const std::string kGo =
    OptionReply(7, 3, Big(3, 2) + Big(1, 12)) + OptionReply(7, 3, kInfo) + OptionReply(7, 1, "");
const std::string kMeta =
    OptionReply(8, 1, "") + OptionReply(10, 4, Big(5, 4) + "base:allocation") + OptionReply(10, 1, "");

// A connection to a server that says `parts` whatever it is told, and then goes away.
NbdConnection To(std::initializer_list<std::string> parts, UniqueFd* other) {
  std::string bytes;
  for (const std::string& part : parts) bytes += part;
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  *other = UniqueFd(fds[0]);
  REQUIRE(send(fds[0], bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  shutdown(fds[0], SHUT_WR);
  return NbdConnection(UniqueFd(fds[1]));
}

TEST_CASE("nbd: a size, then reads; an error of one read is not that of the next") {
  UniqueFd other;
  NbdConnection nbd =
      To({kHello, kGo, Simple(1, 0, "abcd"), Simple(2, 108, ""), Simple(3, 0, "efgh")}, &other);
  REQUIRE(!nbd.Handshake(false));
  CHECK(nbd.size() == kSize);
  char buffer[4];
  REQUIRE(!nbd.Read(0, 4, buffer));
  CHECK(std::string(buffer, 4) == "abcd");
  const Error error = nbd.Read(4096, 4, buffer);
  CHECK(error.result == -EIO);  // not ESHUTDOWN, which would be taken for Ceph's
  CHECK(error.message == "reading 4 bytes at 4096 failed (error 108 of the server)");
  REQUIRE(!nbd.Read(4, 4, buffer));
  CHECK(std::string(buffer, 4) == "efgh");
  CHECK(nbd.Read(8, 4, buffer).result == -EPIPE);
}

TEST_CASE("nbd: extents, of which the last may be longer than what was asked for") {
  UniqueFd other;
  const std::string extents =
      Big(5, 4) + Big(4096, 4) + Big(0, 4) + Big(8192, 4) + Big(3, 4) + Big(UINT32_MAX, 4) + Big(1, 4);
  NbdConnection nbd = To({kHello, kMeta, kGo, Chunk(1, 1, 5, extents),
                          Chunk(2, 0, 5, Big(5, 4) + Big(UINT32_MAX, 4) + Big(2, 4)), Chunk(2, 1, 0, ""),
                          Chunk(3, 1, 0x8001, Big(22, 4) + Big(0, 2))},
                         &other);
  REQUIRE(!nbd.Handshake(true));
  std::vector<Extent> found;
  REQUIRE(!nbd.Extents(0, 16384, &found));
  REQUIRE(found.size() == 3);
  CHECK(found[0].content == Content::kData);
  CHECK(found[1].content == Content::kHole);
  CHECK(found[1].end() == 12288);
  CHECK(found[2].content == Content::kData);  // a hole that need not read as zeros
  REQUIRE(!nbd.Extents(kSize - 512, 512, &found));
  REQUIRE(found.size() == 1);
  CHECK(found[0].end() == kSize);
  CHECK(nbd.Extents(0, 512, &found).result == -EIO);
}

TEST_CASE("nbd: what is no handshake") {
  for (const std::string& bytes :
       {std::string(), std::string(100, 'x'), kHello.substr(0, 17), kHello.substr(0, 17) + Big(2, 1) + kGo,
        kHello + OptionReply(7, 1, ""), kHello + OptionReply(8, 1, ""),
        kHello + OptionReply(7, 3, "", 1U << 31), kHello + OptionReply(7, 0x80000006, "unknown export"),
        kHello + OptionReply(7, 3, kInfo.substr(1)) + OptionReply(7, 1, ""),
        kHello + OptionReply(7, 3, Big(0, 2) + Big(UINT64_MAX, 8) + Big(1, 2)) + OptionReply(7, 1, "")}) {
    UniqueFd other;
    NbdConnection nbd = To({bytes}, &other);
    CHECK(nbd.Handshake(false));
  }
  for (const std::string& bytes :
       {kHello + OptionReply(8, 0x80000001, ""), kHello + OptionReply(8, 1, "") + OptionReply(10, 1, ""),
        kHello + OptionReply(8, 1, "") + OptionReply(10, 4, Big(1, 4) + "base:allocatiox") +
            OptionReply(10, 1, "")}) {
    UniqueFd other;
    NbdConnection nbd = To({bytes}, &other);
    CHECK(nbd.Handshake(true));
  }
}

TEST_CASE("nbd: what is no answer to a request") {
  for (const std::string& bytes : {Simple(2, 0, "abcd"), Chunk(1, 1, 1, Big(0, 8) + "abcd"),
                                   Simple(1, 0, "abc"), std::string(16, '\0')}) {
    UniqueFd other;
    NbdConnection nbd = To({kHello, kGo, bytes}, &other);
    REQUIRE(!nbd.Handshake(false));
    char buffer[4];
    CHECK(nbd.Read(0, 4, buffer));
  }
  const std::string zero = Big(5, 4) + Big(0, 4) + Big(0, 4);
  const std::string foreign = Big(6, 4) + Big(512, 4) + Big(0, 4);
  std::string endless = Chunk(1, 1, 5, zero);
  endless.replace(16, 4, Big(UINT32_MAX, 4));
  for (const std::string& bytes :
       {Chunk(1, 1, 0, ""), Chunk(1, 1, 5, zero), Chunk(1, 1, 5, foreign), Chunk(2, 1, 5, zero), endless,
        Simple(1, 0, ""), Chunk(1, 0, 5, Big(5, 4) + Big(512, 4) + Big(0, 4))}) {
    UniqueFd other;
    NbdConnection nbd = To({kHello, kMeta, kGo, bytes}, &other);
    REQUIRE(!nbd.Handshake(true));
    std::vector<Extent> found;
    CHECK(nbd.Extents(0, 4096, &found));
  }
}

}  // namespace
}  // namespace rbdkit::copy
