// Decompressor runs libdeflate, zlib or zstd.
#include "disk/decompress.h"

#define ZLIB_CONST
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <new>

namespace rbdkit::copy {

namespace {

// Frames with a larger window are refused, because a decoder keeps a window in memory, and no cluster is
// longer than this.
constexpr int kMaxWindowLog = 21;
constexpr int kRawDeflate = -15;  // negative: no zlib header; readers need no smaller window

}  // namespace

// libdeflate takes less than half of zlib's time, but only streams that end with the cluster. A stream may go
// on, and zlib, which stops anywhere, is for those.
struct Decompressor::Contexts {
  libdeflate_decompressor* whole = nullptr;
  z_stream stream{};
  bool has_stream = false;
  ZSTD_DCtx* zstd = nullptr;

  ~Contexts() {
    libdeflate_free_decompressor(whole);
    if (has_stream) inflateEnd(&stream);
    ZSTD_freeDCtx(zstd);
  }

  bool Inflate(const char* in, size_t in_length, char* out, size_t out_length) {
    const bool ready =
        has_stream ? inflateReset(&stream) == Z_OK : inflateInit2(&stream, kRawDeflate) == Z_OK;
    if (!ready) return false;
    has_stream = true;
    stream.next_in = reinterpret_cast<const Bytef*>(in);
    stream.avail_in = static_cast<uInt>(in_length);
    stream.next_out = reinterpret_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(out_length);
    inflate(&stream, Z_FINISH);
    return stream.avail_out == 0;
  }

  bool Unzstd(const char* in, size_t in_length, char* out, size_t out_length) const {
    ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
    ZSTD_inBuffer from{in, in_length, 0};
    ZSTD_outBuffer to{out, out_length, 0};
    // Several frames in a row are one cluster.
    while (to.pos < to.size) {
      const size_t before = from.pos + to.pos;
      if (ZSTD_isError(ZSTD_decompressStream(zstd, &to, &from)) != 0) return false;
      if (from.pos + to.pos == before) return false;
    }
    return true;
  }
};

Decompressor::Decompressor(Compression compression) : contexts_(std::make_unique<Contexts>()) {
  if (compression == Compression::kZstd) {
    contexts_->zstd = ZSTD_createDCtx();
    if (contexts_->zstd == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(contexts_->zstd, ZSTD_d_windowLogMax, kMaxWindowLog);
  } else {
    contexts_->whole = libdeflate_alloc_decompressor();
    if (contexts_->whole == nullptr) throw std::bad_alloc();
  }
}

Decompressor::~Decompressor() = default;

bool Decompressor::Run(const char* in, size_t in_length, char* out, size_t out_length) {
  if (contexts_->zstd != nullptr) return contexts_->Unzstd(in, in_length, out, out_length);
  size_t used = 0;
  size_t made = 0;
  const libdeflate_result result =
      libdeflate_deflate_decompress_ex(contexts_->whole, in, in_length, out, out_length, &used, &made);
  if (result == LIBDEFLATE_SUCCESS) return made == out_length;
  return contexts_->Inflate(in, in_length, out, out_length);
}

}  // namespace rbdkit::copy
