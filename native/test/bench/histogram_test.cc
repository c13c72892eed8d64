// These cases compare the histogram's figures with those of sorted values.
#include "bench/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/random.h"

namespace rbdkit::bench {
namespace {

const std::vector<double> kPercents = {1, 5, 50, 90, 99, 99.9, 99.99, 100};

// The value that `percent` percent of `sorted` are below or at.
uint64_t Exact(const std::vector<uint64_t>& sorted, double percent) {
  const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("histogram: buckets cover all values in order, and each value is close to its bucket's") {
  size_t last = 0;
  for (uint64_t value = 0; value < 100000; ++value) {
    const size_t bucket = Histogram::BucketOf(value);
    REQUIRE((bucket == last || bucket == last + 1));
    last = bucket;
    const uint64_t counted = Histogram::ValueOf(bucket);
    const uint64_t off = counted > value ? counted - value : value - counted;
    REQUIRE(off * 128 <= value);
  }
  CHECK(Histogram::BucketOf(0) == 0);
  CHECK(Histogram::BucketOf(127) == 127);
  CHECK(Histogram::BucketOf(UINT64_MAX) == Histogram::kBuckets - 1);
  for (size_t bucket = 0; bucket < Histogram::kBuckets; ++bucket) {
    REQUIRE(Histogram::BucketOf(Histogram::ValueOf(bucket)) == bucket);
  }
}

TEST_CASE("histogram: percentiles, mean and deviation of random values") {
  Random random(1);
  for (const double spread : {1e2, 1e5, 1e9}) {
    CAPTURE(spread);
    Histogram histogram;
    std::vector<uint64_t> values;
    for (int i = 0; i < 20000; ++i) {
      values.push_back(static_cast<uint64_t>(random.Exponential(spread)));
      histogram.Add(values.back());
    }
    std::sort(values.begin(), values.end());
    const auto found = histogram.Percentiles(kPercents);
    for (size_t i = 0; i < kPercents.size(); ++i) {
      CAPTURE(kPercents[i]);
      const auto exact = static_cast<double>(Exact(values, kPercents[i]));
      CHECK(std::fabs(static_cast<double>(found[i]) - exact) <= exact / 128 + 1);
    }
    double sum = 0;
    for (const uint64_t value : values) sum += static_cast<double>(value);
    const double mean = sum / static_cast<double>(values.size());
    double squares = 0;
    for (const uint64_t value : values) squares += std::pow(static_cast<double>(value) - mean, 2);
    CHECK(histogram.mean() == doctest::Approx(mean));
    CHECK(histogram.stddev() == doctest::Approx(std::sqrt(squares / static_cast<double>(values.size() - 1))));
    CHECK(histogram.min() == values.front());
    CHECK(histogram.max() == values.back());
  }
}

TEST_CASE("histogram: parts that are merged are as one") {
  Random random(2);
  Histogram whole;
  Histogram parts[3];
  for (int i = 0; i < 5000; ++i) {
    const uint64_t value = random.Below(uint64_t{1} << (1 + random.Below(40)));
    whole.Add(value);
    parts[random.Below(3)].Add(value);
  }
  Histogram merged;
  for (const Histogram& part : parts) merged.Merge(part);
  merged.Merge(Histogram());
  CHECK(merged.count() == whole.count());
  CHECK(merged.min() == whole.min());
  CHECK(merged.max() == whole.max());
  CHECK(merged.mean() == whole.mean());
  CHECK(merged.stddev() == whole.stddev());
  CHECK(merged.Percentiles(kPercents) == whole.Percentiles(kPercents));
}

TEST_CASE("histogram: none, one, and values too close for a double") {
  Histogram histogram;
  CHECK(histogram.Percentiles(kPercents) == std::vector<uint64_t>(kPercents.size()));
  CHECK(histogram.mean() == 0);
  CHECK(histogram.min() == 0);
  histogram.Add(12345);
  CHECK(histogram.Percentiles(kPercents) == std::vector<uint64_t>(kPercents.size(), 12345));
  CHECK(histogram.stddev() == 0);
  Histogram close;
  for (int i = 0; i < 1000; ++i) close.Add(4'000'000'000'000 + static_cast<uint64_t>(i % 2));
  CHECK(close.stddev() == doctest::Approx(0.5).epsilon(0.01));
}

}  // namespace rbdkit::bench
