// A Histogram computes its figures as fio does.
#include "bench/histogram.h"

#include <algorithm>
#include <cmath>

namespace rbdkit::bench {

uint64_t Histogram::ValueOf(size_t bucket) {
  if (bucket < (size_t{2} << kBits)) return bucket;
  const unsigned dropped = static_cast<unsigned>(bucket >> kBits) - 1;
  const uint64_t lowest = (uint64_t{1} << kBits | (bucket & ((1u << kBits) - 1))) << dropped;
  return lowest + (uint64_t{1} << dropped) / 2;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  squares_ += other.squares_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::stddev() const {
  if (count_ < 2) return 0;
  // About the mean rounded down, in integers: the squares themselves may differ only in their last digits.
  // Modulo 2^128, in which the sum is right whatever its terms do.
  using Wide = unsigned __int128;
  const uint64_t middle = sum_ / count_;
  const Wide about = squares_ - Wide{2} * middle * sum_ + Wide{middle} * middle * count_;
  const auto rest = static_cast<double>(sum_ % count_);
  const auto count = static_cast<double>(count_);
  return std::sqrt((static_cast<double>(about) - rest * rest / count) / (count - 1));
}

std::vector<uint64_t> Histogram::Percentiles(const std::vector<double>& percents) const {
  std::vector<uint64_t> values;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets && values.size() < percents.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    seen += counts_[bucket];
    while (values.size() < percents.size() &&
           static_cast<long double>(seen) >=
               static_cast<long double>(percents[values.size()]) / 100 * static_cast<long double>(count_)) {
      values.push_back(std::clamp(ValueOf(bucket), min_, max_));
    }
  }
  values.resize(percents.size());
  return values;
}

}  // namespace rbdkit::bench
