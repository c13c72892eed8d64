// A Pattern says which block of an image comes next. It belongs to the submitting thread.
#ifndef RBDKIT_BENCH_PATTERN_H_
#define RBDKIT_BENCH_PATTERN_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/random.h"
#include "bench/zipf.h"

namespace rbdkit::bench {

enum class Order : uint8_t { kRandom, kSequential, kInterleaved };
enum class Distribution : uint8_t { kUniform, kZipf, kHot };

// A size of blocks and how often it is taken, relative to the others.
struct BlockSize {
  uint32_t bytes = 4096;
  double weight = 1;
};

struct PatternOptions {
  Order order = Order::kRandom;
  Distribution distribution = Distribution::kUniform;
  double theta = 1;        // of kZipf
  double hot_part = 0.1;   // of kHot: this part of the blocks
  double hot_share = 0.9;  // gets this share of the operations
  std::vector<BlockSize> sizes = std::vector<BlockSize>(1);
  uint32_t streams = 1;  // of kInterleaved
};

struct Span {
  uint64_t offset = 0;
  uint32_t length = 0;
};

// A Pattern gives the blocks of one image, without end. Offsets are multiples of the smallest size. Each
// block lies within the image, which holds at least one of the largest. One thread at a time.
class Pattern {
 public:
  Pattern(const PatternOptions& options, uint64_t image_size, uint64_t seed, uint64_t stream);

  Span Next();

  // Bytes between possible offsets.
  uint32_t grain() const { return grain_; }

 private:
  // A Size knows the places of blocks of one size.
  struct Size {
    uint32_t bytes = 0;
    double up_to = 1;     // of a draw from 0 to 1
    uint64_t places = 0;  // this many offsets
    uint64_t stride = 1;  // scatters ranks over them: no divisor in common with `places`
    uint64_t hot = 0;
    std::optional<Zipf> zipf;
  };
  struct Stream {
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t at = 0;
  };

  const Size& NextSize();
  uint64_t RandomPlace(const Size& size);
  uint64_t NextInStream(const Size& size);

  const PatternOptions options_;
  uint32_t grain_ = 0;
  std::vector<Size> sizes_;
  std::vector<Stream> streams_;
  size_t next_stream_ = 0;
  Random random_;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_PATTERN_H_
