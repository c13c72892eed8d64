// These cases run the load generator on FakeRbd: depth, rates, totals, errors and cancelling.
#include "bench/engine.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "test/bench/fake.h"

namespace rbdkit::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr uint64_t kMib = 1 << 20;

void Ignore(const Progress& /*progress*/) {}

Options For(milliseconds runtime) {
  Options options;
  options.runtime = runtime;
  options.seed = 1;
  return options;
}

Options Writing(uint64_t bytes) {
  Options options;
  options.kind = Kind::kWrite;
  options.read_share = 0;
  options.bytes = bytes;
  options.seed = 1;
  return options;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("bench: a closed loop keeps its depth in flight and counts every operation") {
  FakeRbd rbd({64 * kMib});
  rbd.delay = [](const FakeRbd::Request&) { return microseconds(500); };
  Options options = For(milliseconds(300));
  options.depth = 13;
  Engine engine(options, rbd.Targets({0}));
  Result result;
  REQUIRE(!engine.Run(Ignore, &result));
  CHECK(rbd.most_in_flight() == 13);
  CHECK(rbd.in_flight() == 0);
  const Tally& read = result.ways[kWayRead];
  CHECK(read.latency.count() == rbd.requests().size());
  CHECK(read.bytes == 4096 * read.latency.count());
  CHECK(read.short_ios == 0);
  CHECK(read.latency.min() >= 500000);
  CHECK(result.ways[kWayWrite].latency.count() == 0);
  CHECK(result.ways[kWaySync].latency.count() == 0);
  CHECK(result.seconds >= 0.3);
  CHECK(result.rows.size() == 1);  // a run of less than a second
  CHECK(result.rows[0].ways[kWayRead].ios == read.latency.count());
}

TEST_CASE("bench: warm-up is not counted; progress tells the phases and ends with the end") {
  FakeRbd rbd({64 * kMib});
  rbd.delay = [](const FakeRbd::Request&) { return milliseconds(1); };
  Options options = For(milliseconds(400));
  options.warmup = milliseconds(400);
  Engine engine(options, rbd.Targets({0}));
  Result result;
  std::vector<Progress> seen;
  REQUIRE(!engine.Run([&](const Progress& progress) { seen.push_back(progress); }, &result));
  const uint64_t measured = result.ways[kWayRead].latency.count();
  const size_t all = rbd.requests().size();
  CHECK(measured > 0);
  CHECK(measured < all);
  CHECK(result.elapsed >= 0.8);
  CHECK(result.seconds < result.elapsed - 0.3);
  std::set<Phase> phases;
  for (const Progress& progress : seen) {
    phases.insert(progress.phase);
    if (progress.phase == Phase::kWarmup) CHECK(progress.seconds == 0);
  }
  CHECK(phases == std::set<Phase>{Phase::kPrepare, Phase::kWarmup, Phase::kRun, Phase::kDone});
  CHECK(seen.back().phase == Phase::kDone);
  CHECK(seen.back().operations == measured);
}

TEST_CASE("bench: seconds of a run add up to its totals") {
  FakeRbd rbd({64 * kMib, 64 * kMib});
  rbd.delay = [](const FakeRbd::Request& request) {
    return request.kind == Kind::kRead ? microseconds(300) : microseconds(700);
  };
  Options options = For(milliseconds(2700));
  options.kind = Kind::kWrite;
  options.read_share = 0.75;
  Engine engine(options, rbd.Targets({0, 1}));  // two submitting threads
  Result result;
  REQUIRE(!engine.Run(Ignore, &result));
  REQUIRE(result.rows.size() >= 3);
  CHECK(result.rows[0].time == 1);
  CHECK(result.rows[1].time == 2);
  CHECK(result.rows.back().time == doctest::Approx(result.seconds));
  double seconds = 0;
  for (const Row& row : result.rows) seconds += row.seconds;
  CHECK(seconds == doctest::Approx(result.seconds));
  for (const Way way : {kWayRead, kWayWrite}) {
    uint64_t ios = 0;
    uint64_t bytes = 0;
    uint64_t max = 0;
    for (const Row& row : result.rows) {
      ios += row.ways[way].ios;
      bytes += row.ways[way].bytes;
      max = std::max(max, row.ways[way].max);
    }
    CHECK(ios == result.ways[way].latency.count());
    CHECK(bytes == result.ways[way].bytes);
    CHECK(max == result.ways[way].latency.max());
  }
  const auto reads = static_cast<double>(result.ways[kWayRead].latency.count());
  const auto writes = static_cast<double>(result.ways[kWayWrite].latency.count());
  CHECK(reads / (reads + writes) == doctest::Approx(0.75).epsilon(0.05));
  CHECK(result.ways[kWaySync].latency.count() == 2);
}

TEST_CASE("bench: bytes end a run, whichever of the images they went to") {
  FakeRbd rbd({8 * kMib, 8 * kMib});
  Options options = Writing(4 * kMib);
  options.pattern.order = Order::kSequential;
  options.pattern.sizes = {{65536, 1}};
  options.flush_every = 5;
  Engine engine(options, rbd.Targets({0, 0}));
  Result result;
  REQUIRE(!engine.Run(Ignore, &result));
  CHECK(result.ways[kWayWrite].bytes == 4 * kMib);
  std::map<int, std::vector<FakeRbd::Request>> by_image;
  for (const auto& request : rbd.requests()) by_image[request.image].push_back(request);
  uint64_t flushes = 0;
  for (auto& [image, requests] : by_image) {
    uint64_t writes = 0;
    uint64_t since = 0;
    for (const auto& request : requests) {
      if (request.kind == Kind::kFlush) {
        ++flushes;
        since = 0;
        continue;
      }
      CHECK(request.offset == writes % 128 * 65536);
      ++writes;
      CHECK(++since <= 5);
    }
    CHECK(requests.back().kind == Kind::kFlush);
  }
  CHECK(result.ways[kWaySync].latency.count() == flushes);
}

TEST_CASE("bench: the same seed asks for the same") {
  std::vector<std::vector<uint64_t>> runs;
  for (const uint64_t seed : {5, 5, 6}) {
    FakeRbd rbd({64 * kMib}, 1);
    Options options = Writing(kMib);
    options.depth = 1;
    options.seed = seed;
    options.pattern.sizes = {{512, 1}, {4096, 1}};
    Engine engine(options, rbd.Targets({0}));
    Result result;
    REQUIRE(!engine.Run(Ignore, &result));
    std::vector<uint64_t> offsets;
    for (const auto& request : rbd.requests()) offsets.push_back(request.offset + request.length);
    runs.push_back(offsets);
  }
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] != runs[2]);
}

TEST_CASE("bench: an open loop begins at its times, and waiting counts") {
  FakeRbd rbd({64 * kMib});
  Options options = For(milliseconds(1500));
  options.rate = 400;
  options.depth = 64;
  // For a third of the run nothing completes. A closed loop would hide all but `depth` of what that delays.
  std::thread freeze([&rbd] {
    std::this_thread::sleep_for(milliseconds(400));
    rbd.hang = true;
    std::this_thread::sleep_for(milliseconds(500));
    rbd.hang = false;
  });
  Engine engine(options, rbd.Targets({0}));
  Result result;
  const Error error = engine.Run(Ignore, &result);
  freeze.join();
  REQUIRE(!error);
  const Histogram& latency = result.ways[kWayRead].latency;
  const auto count = static_cast<double>(latency.count());
  // Six standard deviations of the number of arrivals.
  CHECK(std::fabs(count - 600) <= 6 * std::sqrt(600));
  CHECK(rbd.most_in_flight() == 64);
  // About 200 operations were due in the frozen half second: a third of all, delayed evenly up to that time.
  const auto found = latency.Percentiles({50, 90, 100});
  CHECK(found[0] < 200'000'000);
  CHECK(found[1] > 200'000'000);
  CHECK(found[2] > 450'000'000);
  CHECK(result.unstarted <= 60);
}

TEST_CASE("bench: an open loop that cannot keep up says what it left out") {
  FakeRbd rbd({64 * kMib});
  rbd.delay = [](const FakeRbd::Request&) { return milliseconds(2); };
  Options options = For(milliseconds(500));
  options.rate = 10000;
  options.depth = 2;  // at most 1000 a second
  Engine engine(options, rbd.Targets({0}));
  Result result;
  REQUIRE(!engine.Run(Ignore, &result));
  const uint64_t done = result.ways[kWayRead].latency.count();
  CHECK(done <= 600);
  const auto all = static_cast<double>(done + result.unstarted);
  CHECK(all == doctest::Approx(5000).epsilon(0.1));
}

TEST_CASE("bench: the first error ends a run, says whose it is, and nothing stays in flight") {
  for (const bool at_once : {false, true}) {
    CAPTURE(at_once);
    FakeRbd rbd({64 * kMib, 64 * kMib});
    std::atomic<int> count{0};
    const auto third = [&count](const FakeRbd::Request& request) {
      return request.image == 1 && ++count == 30 ? -ENOSPC : 0;
    };
    if (at_once) {
      rbd.refuse = third;
    } else {
      rbd.fault = third;
    }
    Options options = Writing(0);
    options.runtime = std::chrono::seconds(60);
    Engine engine(options, rbd.Targets({0, 1}));
    Result result;
    const auto start = std::chrono::steady_clock::now();
    const Error error = engine.Run(Ignore, &result);
    CHECK(error.result == -ENOSPC);
    CHECK(error.syscall == "rbd_aio_write");
    CHECK(error.image == 1);
    CHECK(rbd.in_flight() == 0);
    CHECK(SecondsSince(start) < 20);
    for (const auto& request : rbd.requests()) CHECK(request.kind == Kind::kWrite);  // no flush after it
  }
}

TEST_CASE("bench: a failed flush is an error") {
  FakeRbd rbd({8 * kMib});
  rbd.fault = [](const FakeRbd::Request& request) { return request.kind == Kind::kFlush ? -EIO : 0; };
  Engine engine(Writing(kMib), rbd.Targets({0}));
  Result result;
  const Error error = engine.Run(Ignore, &result);
  CHECK(error.result == -EIO);
  CHECK(error.syscall == "rbd_aio_flush");
}

TEST_CASE("bench: cancelled before, at any time while, and after it runs") {
  {
    FakeRbd rbd({8 * kMib});
    Engine engine(For(std::chrono::seconds(60)), rbd.Targets({0}));
    engine.Cancel();
    Result result;
    CHECK(engine.Run(Ignore, &result).result == -ECANCELED);
    CHECK(rbd.requests().empty());
  }
  for (int i = 0; i < 40; ++i) {
    FakeRbd rbd({8 * kMib, 8 * kMib});
    Options options = For(std::chrono::seconds(60));
    options.rate = i % 2 == 0 ? 0 : 5000;
    Engine engine(options, rbd.Targets({0, 1}));
    Result result;
    std::thread canceller([&engine, i] {
      std::this_thread::sleep_for(microseconds(i * 300));
      engine.Cancel();
    });
    const Error error = engine.Run(Ignore, &result);
    canceller.join();
    CHECK(error.result == -ECANCELED);
    CHECK(rbd.in_flight() == 0);
    engine.Cancel();
  }
}

TEST_CASE("bench: a run that hangs says so, and can be left") {
  FakeRbd rbd({8 * kMib});
  Options options = For(std::chrono::seconds(60));
  options.stalled_after = milliseconds(200);
  options.drain_for = milliseconds(300);
  auto kept = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = kept;
  {
    auto targets = rbd.Targets({0});
    targets[0].keep = std::move(kept);
    Engine engine(options, std::move(targets));
    Result result;
    bool stalled = false;
    bool hung = false;
    const auto start = std::chrono::steady_clock::now();
    const Error error = engine.Run(
        [&](const Progress& progress) {
          if (!hung && progress.operations > 0) rbd.hang = hung = true;
          if (!progress.stalled) return;
          stalled = true;
          engine.Cancel();
        },
        &result);
    CHECK(error.result == -ECANCELED);
    CHECK(stalled);
    CHECK(SecondsSince(start) < 20);
    CHECK(rbd.in_flight() > 0);
  }
  // Buffers and image stay until the last operation has ended.
  CHECK(!watched.expired());
  rbd.hang = false;
  for (int i = 0; i < 2000 && !watched.expired(); ++i) std::this_thread::sleep_for(milliseconds(5));
  CHECK(watched.expired());
  CHECK(rbd.in_flight() == 0);
}

TEST_CASE("bench: stamps are checked as they come back") {
  FakeRbd rbd({4 * kMib});
  Options options = Writing(4 * kMib);
  options.verify = true;
  options.pattern.order = Order::kSequential;
  options.pattern.sizes = {{4096, 1}};
  Result result;
  {
    Engine engine(options, rbd.Targets({0}));
    REQUIRE(!engine.Run(Ignore, &result));
  }
  options.read_share = 0.5;
  options.pattern.order = Order::kRandom;
  options.pattern.sizes = {{4096, 1}, {16384, 1}};
  {
    Engine engine(options, rbd.Targets({0}));
    REQUIRE(!engine.Run(Ignore, &result));
    CHECK(result.ways[kWayRead].latency.count() > 0);
  }
  rbd.image(0).blocks[123 * 4096 + 512][9] ^= 4;
  options.read_share = 1;
  options.kind = Kind::kRead;
  options.pattern.order = Order::kSequential;
  Engine engine(options, rbd.Targets({0}));
  const Error error = engine.Run(Ignore, &result);
  CHECK(error.verify);
  CHECK(error.message.find("at byte " + std::to_string(123 * 4096)) != std::string::npos);
}

TEST_CASE("bench: discards and zeroes") {
  for (const Kind kind : {Kind::kDiscard, Kind::kWriteZeroes}) {
    FakeRbd rbd({8 * kMib});
    Options options = Writing(kMib);
    options.kind = kind;
    Result result;
    Engine engine(options, rbd.Targets({0}));
    REQUIRE(!engine.Run(Ignore, &result));
    CHECK(result.ways[kWayTrim].bytes == kMib);
  }
}

TEST_CASE("bench: short reads are counted, not taken for whole ones") {
  FakeRbd rbd({8 * kMib});
  rbd.fault = [](const FakeRbd::Request&) { return 0; };
  Options options = For(milliseconds(50));
  rbd_api.rbd_aio_read = [](rbd_image_t image, uint64_t offset, size_t length, char* data,
                            rbd_completion_t c) {
    (void)data;
    (void)length;
    return rbd_api.rbd_aio_discard(image, offset, 100, c);  // answers 0 bytes
  };
  Engine engine(options, rbd.Targets({0}));
  Result result;
  REQUIRE(!engine.Run(Ignore, &result));
  const Tally& read = result.ways[kWayRead];
  CHECK(read.latency.count() > 0);
  CHECK(read.short_ios == read.latency.count());
  CHECK(read.bytes == 0);
}

}  // namespace rbdkit::bench
