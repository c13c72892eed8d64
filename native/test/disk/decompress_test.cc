// These cases decompress clusters, whole and damaged.
#include "disk/decompress.h"

#include <doctest/doctest.h>
#include <zstd.h>

#include <random>
#include <string>

#include "test/disk/deflate.h"

namespace rbdkit::copy {
namespace {

constexpr size_t kCluster = 65536;

std::string Text(size_t length) {
  std::minstd_rand random(7);
  std::string text(length, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 9);
  return text;
}

std::string Zstd(const std::string& text, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  // In two calls, so that the frame does not record its size.
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &to, &in, window_log != 0 ? ZSTD_e_flush : ZSTD_e_end);
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

bool Gives(Compression compression, const std::string& in, const std::string& expected) {
  Decompressor decompressor(compression);
  for (int i = 0; i < 2; ++i) {  // a context is used again, also after a failure
    std::string out(kCluster, 'x');
    if (!decompressor.Run(in.data(), in.size(), out.data(), out.size())) return false;
    CHECK(out == expected);
  }
  return true;
}

TEST_CASE("decompress: a cluster, with what follows it in its last sector") {
  const std::string text = Text(kCluster);
  for (const std::string& rest : {std::string(), std::string(511, '\0'), Text(511)}) {
    CHECK(Gives(Compression::kDeflate, Deflate(text) + rest, text));
    CHECK(Gives(Compression::kZstd, Zstd(text) + rest, text));
  }
}

TEST_CASE("decompress: it ends when the cluster is full, whether or not the stream does") {
  const std::string text = Text(3 * kCluster);
  const std::string first = text.substr(0, kCluster);
  CHECK(Gives(Compression::kDeflate, Deflate(text), first));
  CHECK(Gives(Compression::kDeflate, Deflate(first, Z_SYNC_FLUSH), first));
  CHECK(Gives(Compression::kZstd, Zstd(text), first));
  CHECK(Gives(Compression::kZstd, Zstd(text.substr(0, 1000)) + Zstd(text.substr(1000)), first));
}

TEST_CASE("decompress: too little, cut or damaged is no cluster") {
  const std::string half = Text(kCluster / 2);
  const std::string whole = Text(kCluster);
  CHECK_FALSE(Gives(Compression::kDeflate, Deflate(half), half));
  CHECK_FALSE(Gives(Compression::kZstd, Zstd(half), half));
  const std::string deflated = Deflate(whole);
  const std::string zstd = Zstd(whole);
  for (size_t length = 0; length < deflated.size() - 1; length += 997) {
    CHECK_FALSE(Gives(Compression::kDeflate, deflated.substr(0, length), whole));
  }
  for (size_t length = 0; length < zstd.size() - 8; length += 997) {
    CHECK_FALSE(Gives(Compression::kZstd, zstd.substr(0, length), whole));
  }
  CHECK_FALSE(Gives(Compression::kDeflate, std::string(1000, '\xff'), whole));
  CHECK_FALSE(Gives(Compression::kZstd, std::string(1000, '\xff'), whole));
}

TEST_CASE("decompress: a frame that wants a large window is refused, not given memory") {
  const std::string text = Text(kCluster);
  CHECK(Gives(Compression::kZstd, Zstd(text, 21), text));
  CHECK_FALSE(Gives(Compression::kZstd, Zstd(text, 22), text));
  CHECK_FALSE(Gives(Compression::kZstd, Zstd(text, 27), text));
}

}  // namespace
}  // namespace rbdkit::copy
