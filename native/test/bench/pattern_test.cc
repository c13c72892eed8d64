// These cases check random numbers, patterns of blocks and Zipf's distribution by their statistics.
#include "bench/pattern.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "bench/zipf.h"

namespace rbdkit::bench {
namespace {

constexpr uint64_t kMib = 1 << 20;

PatternOptions Sizes(std::vector<BlockSize> sizes) {
  PatternOptions options;
  options.sizes = std::move(sizes);
  return options;
}

void CheckInside(const Span& span, uint64_t image_size, uint32_t grain) {
  REQUIRE(span.offset % grain == 0);
  REQUIRE(span.length <= image_size);
  REQUIRE(span.offset <= image_size - span.length);
}

// Pearson's statistic of counts that should all be `expected`.
double ChiSquared(const std::vector<uint64_t>& counts, double expected) {
  double sum = 0;
  for (const uint64_t count : counts) sum += std::pow(static_cast<double>(count) - expected, 2) / expected;
  return sum;
}

}  // namespace

TEST_CASE("random: below a bound, evenly") {
  Random random(7);
  for (const uint64_t bound : {uint64_t{1}, uint64_t{3}, uint64_t{100}}) {
    std::vector<uint64_t> counts(bound);
    for (int i = 0; i < 100000; ++i) ++counts[random.Below(bound)];
    const double freedom = static_cast<double>(bound) - 1;
    // Six standard deviations of the statistic.
    CHECK(ChiSquared(counts, 100000.0 / static_cast<double>(bound)) <= freedom + 6 * std::sqrt(2 * freedom));
  }
  double sum = 0;
  for (int i = 0; i < 100000; ++i) sum += random.Exponential(50);
  CHECK(sum / 100000 == doctest::Approx(50).epsilon(0.02));
}

TEST_CASE("random: the same seed gives the same, another one or another stream not") {
  Random a(5);
  Random b(5);
  Random c(6);
  Random d(5, 1);
  bool same = true;
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t value = a.Next();
    same = same && value == b.Next();
    if (value == c.Next()) ++equal;
    if (value == d.Next()) ++equal;
  }
  CHECK(same);
  CHECK(equal == 0);
}

TEST_CASE("pattern: every block of every distribution is in the image and aligned") {
  for (const Order order : {Order::kRandom, Order::kSequential, Order::kInterleaved}) {
    for (const Distribution distribution :
         {Distribution::kUniform, Distribution::kZipf, Distribution::kHot}) {
      for (const uint64_t size : {uint64_t{65536}, uint64_t{65536 + 511}, 7 * kMib + 12345, 1024 * kMib}) {
        PatternOptions options = Sizes({{4096, 2}, {65536, 1}, {12288, 3}});
        options.order = order;
        options.distribution = distribution;
        options.streams = 16;
        Pattern pattern(options, size, 3, 0);
        for (int i = 0; i < 3000; ++i) CheckInside(pattern.Next(), size, 4096);
      }
    }
  }
}

TEST_CASE("pattern: uniform reaches every block, as often") {
  const uint64_t blocks = 64;
  Pattern pattern(Sizes({{4096, 1}}), blocks * 4096 + 4095, 9, 0);
  std::vector<uint64_t> counts(blocks);
  for (int i = 0; i < 64000; ++i) ++counts[pattern.Next().offset / 4096];
  CHECK(ChiSquared(counts, 1000) <= 63 + 6 * std::sqrt(126));
}

TEST_CASE("pattern: images of more than 2^31 blocks are used to their end") {
  const uint64_t size = uint64_t{1} << 50;  // 2^41 blocks of 512 bytes
  for (const Distribution distribution : {Distribution::kUniform, Distribution::kHot, Distribution::kZipf}) {
    PatternOptions options = Sizes({{512, 1}});
    options.distribution = distribution;
    options.theta = 0.5;
    Pattern pattern(options, size, 11, 0);
    uint64_t highest = 0;
    std::set<uint64_t> low_bits;
    for (int i = 0; i < 2000; ++i) {
      const Span span = pattern.Next();
      CheckInside(span, size, 512);
      highest = std::max(highest, span.offset);
      low_bits.insert(span.offset / 512 % 1024);
    }
    CHECK(highest > size / 100 * 99);
    CHECK(low_bits.size() > 500);
  }
}

TEST_CASE("pattern: sequential goes through the image and again") {
  PatternOptions options = Sizes({{4096, 1}});
  options.order = Order::kSequential;
  Pattern pattern(options, 10 * 4096 + 100, 0, 0);
  for (uint64_t i = 0; i < 35; ++i) CHECK(pattern.Next().offset == i % 10 * 4096);
}

TEST_CASE("pattern: interleaved streams share the image") {
  PatternOptions options = Sizes({{4096, 1}});
  options.order = Order::kInterleaved;
  options.streams = 3;
  Pattern pattern(options, 12 * 4096, 0, 0);
  std::vector<uint64_t> blocks;
  for (int i = 0; i < 15; ++i) blocks.push_back(pattern.Next().offset / 4096);
  CHECK(blocks == std::vector<uint64_t>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 0, 4, 8});
  // More streams than blocks: one each.
  options.streams = 100;
  Pattern crowded(options, 4 * 4096, 0, 0);
  std::set<uint64_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(crowded.Next().offset);
  CHECK(seen.size() == 4);
}

TEST_CASE("pattern: sizes come by their weights") {
  Pattern pattern(Sizes({{4096, 7}, {8192, 2}, {65536, 1}}), 64 * kMib, 1, 0);
  std::map<uint32_t, double> share;
  for (int i = 0; i < 100000; ++i) share[pattern.Next().length] += 1e-5;
  CHECK(share.size() == 3);
  CHECK(share[4096] == doctest::Approx(0.7).epsilon(0.02));
  CHECK(share[8192] == doctest::Approx(0.2).epsilon(0.03));
  CHECK(share[65536] == doctest::Approx(0.1).epsilon(0.05));
}

TEST_CASE("pattern: a hot part gets its share, the same part whatever the seed") {
  PatternOptions options = Sizes({{4096, 1}});
  options.distribution = Distribution::kHot;
  options.hot_part = 0.1;
  options.hot_share = 0.8;
  std::map<uint64_t, int> counts[2];
  for (uint64_t seed = 0; seed < 2; ++seed) {
    Pattern pattern(options, 1000 * 4096, seed, 0);
    for (int i = 0; i < 200000; ++i) ++counts[seed][pattern.Next().offset / 4096];
  }
  std::set<uint64_t> hot[2];
  for (int seed = 0; seed < 2; ++seed) {
    double in_hot = 0;
    // 1600 operations for each of 100 hot blocks, 44 for each of the 900 others.
    for (const auto& [block, count] : counts[seed]) {
      if (count < 400) continue;
      hot[seed].insert(block);
      in_hot += count;
    }
    CHECK(hot[seed].size() == 100);
    CHECK(in_hot / 200000 == doctest::Approx(0.8).epsilon(0.02));
  }
  CHECK(hot[0] == hot[1]);
  // Scattered: a tenth of each tenth of the image.
  for (uint64_t tenth = 0; tenth < 10; ++tenth) {
    size_t there = 0;
    for (const uint64_t block : hot[0]) there += block / 100 == tenth ? 1 : 0;
    CHECK(there >= 5);
    CHECK(there <= 15);
  }
}

TEST_CASE("zipf: ranks have their probabilities") {
  for (const double theta : {0.5, 0.99, 1.0, 1.2, 3.0}) {
    CAPTURE(theta);
    constexpr uint64_t n = 200;
    const Zipf zipf(n, theta);
    Random random(4);
    std::vector<uint64_t> counts(n);
    constexpr int draws = 400000;
    for (int i = 0; i < draws; ++i) ++counts[zipf.Next(random)];
    double total = 0;
    for (uint64_t rank = 1; rank <= n; ++rank) total += std::pow(static_cast<double>(rank), -theta);
    double statistic = 0;
    double freedom = -1;
    double rest_expected = 0;
    double rest_counted = 0;
    for (uint64_t rank = 1; rank <= n; ++rank) {
      const double expected = draws * std::pow(static_cast<double>(rank), -theta) / total;
      if (expected < 10) {  // too few for the statistic: all together
        rest_expected += expected;
        rest_counted += static_cast<double>(counts[rank - 1]);
        continue;
      }
      statistic += std::pow(static_cast<double>(counts[rank - 1]) - expected, 2) / expected;
      ++freedom;
    }
    CHECK(statistic <= freedom + 6 * std::sqrt(2 * freedom));
    CHECK(std::fabs(rest_counted - rest_expected) <= 6 * std::sqrt(rest_expected + 1));
  }
  const Zipf one(1, 1.0);
  Random random(1);
  CHECK(one.Next(random) == 0);
}

TEST_CASE("pattern: zipf scatters its ranks over all blocks, none twice") {
  PatternOptions options = Sizes({{512, 1}});
  options.distribution = Distribution::kZipf;
  options.theta = 0.01;  // nearly even: every block comes
  for (const uint64_t blocks : {1, 2, 3, 10, 97, 128, 360}) {
    CAPTURE(blocks);
    Pattern pattern(options, blocks * 512, 1, 0);
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < blocks * 40; ++i) seen.insert(pattern.Next().offset / 512);
    CHECK(seen.size() == blocks);
  }
}

}  // namespace rbdkit::bench
