// A Comparison reads two sources and tells where they differ. Run() blocks the job's thread; the sweep's
// threads compare.
#ifndef RBDKIT_COPY_VERIFY_COMPARE_H_
#define RBDKIT_COPY_VERIFY_COMPARE_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "copy/engine/engine.h"
#include "copy/verify/sweep.h"

namespace rbdkit::copy {

// Differences tell where the content differs, in whole grains, adjacent ones joined.
struct Differences {
  struct Range {
    uint64_t offset;
    uint64_t length;
  };
  // Add() takes differences in ascending order. The list is cut at `most`, the sums are not.
  void Add(uint64_t offset, uint64_t length);

  size_t most = 0;
  std::vector<Range> ranges;  // the first ones
  uint64_t count = 0;
  uint64_t bytes = 0;
  uint64_t end = 0;  // of the last one
};

// A Comparer finds what two sources that are swept together have in common.
class Comparer final : public Visitor {
 public:
  Comparer(uint64_t size_a, uint64_t size_b, size_t max_ranges) : sizes_{size_a, size_b} {
    differences_.most = max_ranges;
  }

  void Look(const SweptSpan& span, std::vector<Piece>* found) override;
  void Note(const SweptSpan& span, const std::vector<Piece>& found) override;

  // differences() go up to the shorter one's end. After the sweep.
  const Differences& differences() const { return differences_; }
  // rest_is_zero() is about what the longer one has beyond that.
  bool rest_is_zero() const { return rest_is_zero_; }
  uint32_t Crc(size_t side) const;

 private:
  uint64_t common() const { return std::min(sizes_[0], sizes_[1]); }

  const std::array<uint64_t, kMaxSwept> sizes_;
  std::array<std::atomic<uint32_t>, kMaxSwept> crc_parts_{};
  Differences differences_;
  bool rest_is_zero_ = true;
};

struct CompareOptions {
  size_t max_memory = kDefaultMemory;  // at least kMinMemory
  size_t max_ranges = 1000;
  Limits limits;  // of what is read of both
  std::chrono::milliseconds stalled_after = kStalledAfter;
};

struct CompareResult {
  std::array<uint64_t, kMaxSwept> bytes{};
  std::array<uint64_t, kMaxSwept> bytes_read{};  // the rest was known to be zero
  std::array<uint32_t, kMaxSwept> crc32c{};      // of all bytes
  Differences differences;
  bool rest_is_zero = true;
  double seconds = 0;
};

// A Comparison is one comparison, as an Engine is one copy. It has an a and a b, which errors call source and
// destination.
class Comparison {
 public:
  // The sources outlive the comparison.
  Comparison(Source& a, Source& b, CompareOptions options)
      : sources_{&a, &b}, options_(options), sweep_(options.max_memory, options.limits) {}

  // Run() blocks. When it returns nothing is in flight and both sources are closed.
  Error Run(Meter::Report report, CompareResult* result);
  // Cancel() ends the comparison early. Any thread, any time before, while or after Run().
  void Cancel();

 private:
  Error Compare(Meter& meter, CompareResult* result);

  const std::array<Source*, kMaxSwept> sources_;
  const CompareOptions options_;
  std::atomic<bool> stop_{false};
  Sweep sweep_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_COMPARE_H_
