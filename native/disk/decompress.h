// A Decompressor decompresses the clusters of disk images. The engine's threads each have one.
#ifndef RBDKIT_DISK_DECOMPRESS_H_
#define RBDKIT_DISK_DECOMPRESS_H_

#include <cstddef>
#include <memory>

namespace rbdkit::copy {

enum class Compression {
  kDeflate,  // raw, without a zlib header
  kZstd,
};

// A Decompressor is what one thread needs to decompress one cluster after another. It takes a few dozen KiB
// of memory, for zstd up to 2 MiB.
class Decompressor {
 public:
  // Throws std::bad_alloc.
  explicit Decompressor(Compression compression);
  ~Decompressor();

  // Run() fills all of `out` from what begins at `in`. Decompression stops when `out` is full, so what
  // follows in `in` does not matter. False: `in` is damaged or too short.
  bool Run(const char* in, size_t in_length, char* out, size_t out_length);

 private:
  struct Contexts;
  const std::unique_ptr<Contexts> contexts_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_DECOMPRESS_H_
