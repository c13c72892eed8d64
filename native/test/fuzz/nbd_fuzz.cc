// The input is what a server says on an NBD connection. The first bit says on which of the two kinds.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "copy/format/nbd_connection.h"
#include "test/fuzz/fuzz.h"

using rbdkit::copy::Error;
using rbdkit::copy::Extent;
using rbdkit::copy::NbdConnection;
using rbdkit::copy::UniqueFd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) abort();
  const UniqueFd server(fds[0]);
  NbdConnection nbd{UniqueFd(fds[1])};
  FUZZ_CHECK(send(fds[0], data + 1, size - 1, MSG_DONTWAIT) == static_cast<ssize_t>(size - 1));
  shutdown(fds[0], SHUT_WR);
  const bool extents = (data[0] & 1) != 0;
  if (nbd.Handshake(extents)) return 0;
  FUZZ_CHECK(nbd.size() <= INT64_MAX);
  char buffer[512];
  std::vector<Extent> found;
  for (uint64_t at = 0; at < nbd.size();) {
    if (!extents) {
      if (nbd.Read(at, sizeof buffer, buffer)) return 0;
      at += sizeof buffer;
      continue;
    }
    if (nbd.Extents(at, nbd.size() - at, &found)) return 0;
    FUZZ_CHECK(!found.empty());
    for (const Extent& extent : found) {
      FUZZ_CHECK(extent.length > 0 && extent.length <= nbd.size() - extent.offset);
    }
    FUZZ_CHECK(found.front().offset == at);
    at = found.back().end();
  }
  return 0;
}
