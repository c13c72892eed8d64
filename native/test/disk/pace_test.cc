// These cases check the limits of a copy's speed, on a clock of their own and in copies.
#include "disk/pace.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "copy/engine/engine.h"
#include "copy/verify/compare.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

using std::chrono::milliseconds;

TEST_CASE("copy: a pace without limits is always ready") {
  Pace pace;
  const auto now = Pace::Clock::now();
  pace.Charge(UINT64_MAX, UINT64_MAX, now);
  CHECK(pace.next() <= now);
}

TEST_CASE("copy: the pace is the slower of the two limits, and lateness is caught up") {
  const auto start = Pace::Clock::now();
  for (const Limits& limits : {Limits{1000, 0}, Limits{0, 10}, Limits{1000, 1000}, Limits{1 << 30, 10}}) {
    Pace pace(limits);
    // 100 bytes and one operation at a time: ten times a second. Each starts 7 ms late.
    auto now = start;
    int count = 0;
    for (; now < start + milliseconds(10000); ++count) {
      pace.Charge(100, 1, now);
      now = std::max(now, pace.next()) + milliseconds(7);
    }
    CHECK(count >= 99);
    CHECK(count <= 102);  // the first one, and one that was caught up
  }
}

TEST_CASE("copy: time in which nothing is to be done is not saved up") {
  const auto start = Pace::Clock::now();
  Pace pace({1000, 0});
  pace.Charge(1000, 1, start);
  const auto later = start + milliseconds(60000);
  pace.Charge(1000, 1, later);
  CHECK(pace.next() >= later + milliseconds(900));
  CHECK(pace.next() <= later + milliseconds(1000));
}

TEST_CASE("copy: one operation that is worth hours does not overflow") {
  const auto start = Pace::Clock::now();
  Pace pace({1, 1});
  pace.Charge(4 << 20, 100, start);
  CHECK(pace.next() > start + std::chrono::hours(1100));
  CHECK(pace.next() < start + std::chrono::hours(1200));
}

// Runs `work` and says how long it took.
template <typename Work>
std::chrono::duration<double> Timed(Work work) {
  const auto start = Pace::Clock::now();
  work();
  return Pace::Clock::now() - start;
}

TEST_CASE("copy: a limit makes it take as long as it says, and is no stall") {
  const std::string bytes(8 << 20, 'x');
  // Two spans, the second of which waits; or a read and a write, for which the second read waits.
  for (const Limits& limits : {Limits{2 << 20, 0}, Limits{0, 1}}) {
    LateCompletions late(1);
    MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
    MemoryDestination destination(late, 0);
    Options options;
    options.limits = limits;
    options.stalled_after = milliseconds(1000);
    Engine engine(source, destination, options);
    bool stalled = false;
    Result result;
    const auto seconds = Timed([&] {
      CHECK(!engine.Run([&](const Progress& progress) { stalled = stalled || progress.stalled; }, &result));
    });
    CHECK(seconds.count() > 0.9);
    CHECK_FALSE(stalled);
    CHECK(destination.content == bytes);
  }
}

TEST_CASE("copy: a limit of hours ends at once when it is cancelled") {
  const std::string bytes(20 << 20, 'x');
  LateCompletions late(1);
  MemorySource a(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemorySource b(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  Options options;
  options.limits.bytes_per_second = 1;
  CompareOptions compare_options;
  compare_options.limits.operations_per_second = 1;
  Engine engine(a, destination, options);
  MemorySource c(bytes, {{0, bytes.size(), Content::kData}}, late);
  Comparison comparison(b, c, compare_options);
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(100));
    engine.Cancel();
    comparison.Cancel();
  });
  Result result;
  CompareResult compare_result;
  const auto seconds = Timed([&] {
    CHECK(engine.Run([](const Progress&) {}, &result).code == kCancelled);
    CHECK(comparison.Run([](const Progress&) {}, &compare_result).code == kCancelled);
  });
  canceller.join();
  CHECK(seconds.count() < 10);  // hours, otherwise
}

}  // namespace
}  // namespace rbdkit::copy
