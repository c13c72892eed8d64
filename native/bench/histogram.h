// A Histogram counts latencies in fio's buckets, so that percentiles of both can be compared.
#ifndef RBDKIT_BENCH_HISTOGRAM_H_
#define RBDKIT_BENCH_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rbdkit::bench {

// Values below 128 have a bucket each. Above, every power of two has 64 buckets of equal width, so a value is
// off by less than 1/128. A histogram has a fixed size, and adding allocates nothing. One thread at a time.
class Histogram {
 public:
  static constexpr unsigned kBits = 6;
  static constexpr size_t kGroups = 29;
  static constexpr size_t kBuckets = kGroups << kBits;

  static size_t BucketOf(uint64_t value) {
    // This is the highest bit that is set, of 0 as of 1.
    const auto highest = 63u - static_cast<unsigned>(__builtin_clzll(value | 1));
    if (highest <= kBits) return value;
    const unsigned dropped = highest - kBits;
    const size_t bucket = ((size_t{dropped} + 1) << kBits) + ((value >> dropped) & ((1u << kBits) - 1));
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  // A bucket counts as its middle, rounded down.
  static uint64_t ValueOf(size_t bucket);

  void Add(uint64_t value) {
    ++counts_[BucketOf(value)];
    ++count_;
    sum_ += value;
    squares_ += static_cast<unsigned __int128>(value) * value;
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  double mean() const;
  double stddev() const;  // of a sample, as fio has it
  uint64_t bucket(size_t index) const { return counts_[index]; }

  // Percentiles() gives for each i the value below or at which `percents[i]` percent of the values are, as
  // fio finds it, but within the extremes. The percents ascend.
  std::vector<uint64_t> Percentiles(const std::vector<double>& percents) const;

 private:
  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  unsigned __int128 squares_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_HISTOGRAM_H_
