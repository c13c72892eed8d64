// These cases copy between endpoints in memory that answer late and fail when told.
#include "copy/engine/engine.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

uint32_t PlainCrc(const std::string& bytes) {
  return ~Crc32cUpdatePortable(0xffffffff, bytes.data(), bytes.size());
}

void IgnoreProgress(const Progress& /*progress*/) {}

TEST_CASE("copy: random sparse content arrives whole, its zeros stay holes") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const size_t sizes[] = {
        0, 1, 511, 4096, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 37 << 20, (64 << 20) + 12345};
    const Disk content = RandomDisk(seed + 1, sizes[seed % std::size(sizes)]);
    LateCompletions late(seed);
    MemorySource source(content.bytes, content.extents, late);
    MemoryDestination destination(late, seed % 2 == 0 ? 0 : 65536);
    Options options;
    options.max_memory = kMinMemory;
    Engine engine(source, destination, options);
    Result result;
    Progress last;
    const Error error = engine.Run([&](const Progress& progress) { last = progress; }, &result);
    REQUIRE(!error);
    CHECK(destination.published);
    CHECK(destination.content == content.bytes);
    CHECK_FALSE(destination.misaligned);
    CHECK_FALSE(destination.twice);
    CHECK(source.in_flight_at_confirm == 0);
    CHECK(result.bytes == content.bytes.size());
    CHECK(result.crc32c == PlainCrc(content.bytes));
    CHECK(result.bytes_written <= result.bytes_read);
    CHECK(result.bytes_read == source.bytes_read);
    CHECK(last.phase == Phase::kDone);
    CHECK(last.bytes_done == content.bytes.size());
    CHECK(last.bytes_total == content.bytes.size());
    // A page that was written holds data, when every hole counts.
    for (size_t page = 0; destination.smallest_hole() == 0 && page < destination.written.size(); ++page) {
      const size_t length = std::min<size_t>(4096, content.bytes.size() - page * 4096);
      CHECK(destination.written[page] == !IsZero(content.bytes.data() + page * 4096, length));
    }
  }
}

TEST_CASE("copy: the window is the pool, the pool three quarters of the memory") {
  const std::string bytes(64 << 20, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  Options options;
  options.max_memory = 7 * kUnitSize;
  Engine engine(source, destination, options);
  late.Hold(true);
  size_t started = 0;
  std::thread release([&] {
    while (late.in_flight() < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for a sixth, were there one
    started = late.in_flight();
    late.Hold(false);
  });
  Result result;
  CHECK(!engine.Run(IgnoreProgress, &result));
  release.join();
  CHECK(started == 5);
  CHECK(result.bytes_written == bytes.size());
}

TEST_CASE("copy: a fault at any step publishes nothing and leaves nothing") {
  const Disk content = RandomDisk(77, 50 << 20);
  const struct {
    Fault fault;
    Side side;
  } cases[] = {
      {{"Open", 0, -ENOENT}, Side::kSource},
      {{"Next", 0, -EIO}, Side::kSource},
      {{"Next", 5, -EIO}, Side::kSource},
      {{"Read", 0, -EIO}, Side::kSource},
      {{"Read", 4, -ENOENT}, Side::kSource},
      {{"Read", 3, 1}, Side::kSource},
      {{"Confirm", 0, -EIO}, Side::kSource},
      {{"Close", 0, -EIO}, Side::kSource},
      {{"Prepare", 0, -EEXIST}, Side::kDestination},
      {{"Write", 0, -ENOSPC}, Side::kDestination},
      {{"Write", 6, -EDQUOT}, Side::kDestination},
      {{"Flush", 0, -EIO}, Side::kDestination},
      {{"Publish", 0, -EEXIST}, Side::kDestination},
  };
  for (const auto& c : cases) {
    CAPTURE(c.fault.step);
    CAPTURE(c.fault.which);
    LateCompletions late(9);
    MemorySource source(content.bytes, content.extents, late);
    MemoryDestination destination(late, 0);
    source.faults.Set(c.fault);
    destination.faults.Set(c.fault);
    Engine engine(source, destination, {});
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    REQUIRE(error);
    CHECK(error.side == c.side);
    CHECK(error.syscall == c.fault.step);
    if (c.fault.result > 0) {
      CHECK(error.code == kSourceChanged);
    } else {
      CHECK(error.result == c.fault.result);
    }
    CHECK_FALSE(destination.published);
    CHECK_FALSE(destination.exists);
    CHECK(destination.in_flight_at_abandon == 0);
    CHECK(late.in_flight() == 0);
    CHECK(source.closed > 0);
  }
}

TEST_CASE("copy: cancelled at a hundred moments") {
  const Disk content = RandomDisk(5, 24 << 20);
  int cancelled = 0;
  for (uint32_t moment = 0; moment < 100; ++moment) {
    CAPTURE(moment);
    LateCompletions late(moment);
    MemorySource source(content.bytes, content.extents, late);
    MemoryDestination destination(late, 65536);
    Options options;
    options.max_memory = kMinMemory;
    Engine engine(source, destination, options);
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(moment * 150));
      engine.Cancel();
    });
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    CHECK(late.in_flight() == 0);
    canceller.join();
    if (error) {
      ++cancelled;
      CHECK(error.code == kCancelled);
      CHECK_FALSE(destination.published);
      CHECK_FALSE(destination.exists);
      CHECK(source.closed > 0);
    } else {
      CHECK(destination.published);
      CHECK(destination.content == content.bytes);
    }
  }
  CHECK(cancelled > 0);
}

TEST_CASE("copy: cancelled before it starts, nothing is touched") {
  const std::string bytes(100, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  Engine engine(source, destination, {});
  engine.Cancel();
  Result result;
  CHECK(engine.Run(IgnoreProgress, &result).code == kCancelled);
  CHECK(source.bytes_read == 0);
}

TEST_CASE("copy: a copy that hangs says so, and that it goes on") {
  const std::string bytes(6 << 20, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  Options options;
  options.stalled_after = std::chrono::milliseconds(200);
  Engine engine(source, destination, options);
  late.Hold(true);
  bool stalled = false;
  Progress last;
  Result result;
  const Error error = engine.Run(
      [&](const Progress& progress) {
        last = progress;
        if (!progress.stalled) return;
        stalled = true;
        late.Hold(false);
      },
      &result);
  CHECK(!error);
  CHECK(stalled);
  CHECK_FALSE(last.stalled);
}

// A SilentDestination completes no write until Reap() does (docs/decisions/0020).
class SilentDestination final : public MemoryDestination {
 public:
  explicit SilentDestination(LateCompletions& late) : MemoryDestination(late, 0) {}
  void Write(uint64_t /*offset*/, size_t /*length*/, const char* buffer, Operation* done) override {
    std::lock_guard<std::mutex> lock(mutex_);
    last_buffer = buffer;
    silent_.push_back(done);
  }
  void Reap() override {
    std::unique_lock<std::mutex> lock(mutex_);
    const std::vector<Operation*> silent = std::exchange(silent_, {});
    lost_ = lost_ || !silent.empty();
    lock.unlock();
    for (Operation* done : silent) done->Complete(-ESHUTDOWN);
  }
  bool lost() const override { return lost_; }

  const char* last_buffer = nullptr;

 private:
  std::mutex mutex_;
  std::vector<Operation*> silent_;
  std::atomic<bool> lost_{false};
};

TEST_CASE("copy: writes that never complete are reaped, and their buffers stay mapped") {
  const std::string bytes(64 << 20, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  SilentDestination destination(late);
  Engine engine(source, destination, Options());
  Result result;
  const Error error = engine.Run(IgnoreProgress, &result);
  CHECK(error.code == kFenced);
  CHECK_FALSE(destination.published);
  REQUIRE(destination.last_buffer != nullptr);
  CHECK(*destination.last_buffer == '\0');  // and take no memory
}

TEST_CASE("copy: progress comes at most ten times a second and only grows") {
  const std::string bytes(48 << 20, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  Engine engine(source, destination, {});
  std::vector<std::pair<std::chrono::steady_clock::time_point, Progress>> reports;
  Result result;
  CHECK(!engine.Run(
      [&](const Progress& progress) { reports.emplace_back(std::chrono::steady_clock::now(), progress); },
      &result));
  REQUIRE(reports.size() >= 2);
  for (size_t i = 1; i < reports.size(); ++i) {
    CHECK(reports[i].second.bytes_done >= reports[i - 1].second.bytes_done);
    CHECK(reports[i].second.phase >= reports[i - 1].second.phase);
    if (i + 1 < reports.size()) {
      CHECK(reports[i].first - reports[i - 1].first >= std::chrono::milliseconds(95));
    }
  }
}

}  // namespace
}  // namespace rbdkit::copy
