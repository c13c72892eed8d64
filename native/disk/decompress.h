// Decompressing the clusters of disk images.
#ifndef RBDKIT_DISK_DECOMPRESS_H_
#define RBDKIT_DISK_DECOMPRESS_H_

#include <cstddef>
#include <memory>

namespace rbdkit::copy {

enum class Compression {
  kDeflate,  // raw, without a zlib header
  kZstd,
};

// What one thread needs to decompress; used for one cluster after another. Memory: a few dozen KiB, for zstd
// up to 2 MiB.
class Decompressor {
 public:
  // Throws std::bad_alloc.
  explicit Decompressor(Compression compression);
  ~Decompressor();

  // Fills `out`, all of it, from what begins at `in`: decompression stops when it is full, so what follows in
  // `in` does not matter. False when `in` is damaged or too short.
  bool Run(const char* in, size_t in_length, char* out, size_t out_length);

 private:
  struct Contexts;
  const std::unique_ptr<Contexts> contexts_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_DECOMPRESS_H_
