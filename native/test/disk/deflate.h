// Deflate() makes raw deflate, as qcow2 stores it.
#ifndef RBDKIT_TEST_DISK_DEFLATE_H_
#define RBDKIT_TEST_DISK_DEFLATE_H_

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

namespace rbdkit::copy {

// `flush` is Z_FINISH, or Z_SYNC_FLUSH for a stream that does not end.
inline std::string Deflate(std::string text, int flush = Z_FINISH) {
  std::string out(text.size() + 1024, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  REQUIRE(stream.avail_in == 0);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_DISK_DEFLATE_H_
