// These cases run the window on a clock of their own.
#include "copy/engine/window.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "copy/destination/null.h"
#include "copy/engine/engine.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

// Times are in milliseconds, of a clock that the test has.
struct Cluster {
  double latency = 0;  // of each unit by itself
  double service = 0;  // and while it is served no other is; 0: it serves all at once
};

// A copy of units that are begun as soon as the window lets them.
class Copy {
 public:
  explicit Copy(size_t buffers) : buffers_(buffers), window_(buffers) {}

  // Copies so many units. Gives the units a second.
  double Run(const Cluster& cluster, int units) {
    const double begin = now_;
    for (int done = 0; done < units; ++done) {
      while (under_way_.size() < window_.limit()) {
        free_at_ = std::max(now_ + cluster.latency, free_at_) + cluster.service;
        under_way_.push(cluster.service > 0 ? free_at_ : now_ + cluster.latency);
      }
      most_ = std::max(most_, under_way_.size());
      now_ = under_way_.top();
      under_way_.pop();
      const std::chrono::duration<double, std::milli> now(now_);
      window_.Done(kUnitSize,
                   Window::Clock::time_point(std::chrono::duration_cast<Window::Clock::duration>(now)));
      least_ = std::min(least_, window_.limit());
    }
    return units / (now_ - begin) * 1000;
  }

  size_t limit() const { return window_.limit(); }
  size_t least() const { return least_; }
  size_t most() const { return most_; }

 private:
  const size_t buffers_;
  Window window_;
  std::priority_queue<double, std::vector<double>, std::greater<>> under_way_;
  double now_ = 0;
  double free_at_ = 0;
  size_t least_ = buffers_;
  size_t most_ = 0;
};

TEST_CASE("copy: the window comes near what a cluster needs to be busy") {
  // 100 units a second, of which each takes 190 ms by itself: 20 under way are enough.
  Copy copy(96);
  copy.Run({190, 10}, 40000);
  CHECK(copy.limit() == 24);
  CHECK(copy.Run({190, 10}, 10000) > 97);
}

TEST_CASE("copy: where each unit more brings as much more, to find out takes no longer than two answers") {
  for (int units : {360, 480, 600, 1200}) {
    CAPTURE(units);
    Copy copy(12);
    const double seconds = units / copy.Run({60, 0}, units);
    CHECK(seconds < units / 200.0 + 0.121);
    CHECK(copy.limit() == 12);
  }
  Copy copy(12);
  CHECK(copy.Run({60, 0}, 5000) > 0.98 * 200);
}

TEST_CASE("copy: the window is soon smaller where that costs nothing") {
  Copy copy(12);
  copy.Run({5, 5}, 600);
  CHECK(copy.limit() == 6);
}

TEST_CASE("copy: the window stays whole where half of it would move a fourteenth less") {
  Copy copy(12);
  copy.Run({54.5, 10}, 20000);  // six at a time take 64.5 ms
  CHECK(copy.limit() == 12);
}

TEST_CASE("copy: the window grows again when more is of use, and shrinks when it is not") {
  Copy copy(48);
  copy.Run({10, 10}, 20000);
  CHECK(copy.limit() == 6);
  copy.Run({480, 0}, 20000);
  CHECK(copy.limit() == 48);
  copy.Run({10, 10}, 40000);
  CHECK(copy.limit() == 6);
}

TEST_CASE("copy: the window does not touch a copy's first units") {
  Copy copy(12);
  copy.Run({0, 10}, 12 * 30 - 1);
  CHECK(copy.limit() == 12);
  CHECK(copy.least() == 12);
}

TEST_CASE("copy: slow units do not make the window too small for one OSD") {
  Copy copy(12);
  copy.Run({5, 5}, 3000);
  for (int i = 0; i < 50; ++i) {
    copy.Run({3000, 1000}, 7);
    copy.Run({5, 5}, 50);
  }
  CHECK(copy.least() == 6);
  CHECK(copy.most() == 12);
}

TEST_CASE("copy: few buffers are all used") {
  for (size_t buffers : {1, 3, 6}) {
    CAPTURE(buffers);
    Copy copy(buffers);
    copy.Run({5, 5}, 5000);
    CHECK(copy.least() == buffers);
  }
}

const std::string nothing;

// A page of data in each unit, read one after another, each in 5 ms.
class SlowSource final : public MemorySource {
 public:
  SlowSource(uint64_t units, LateCompletions& late)
      : MemorySource(nothing, {}, late), units_(units), late_(late) {}

  uint64_t size() const override { return units_ * kUnitSize; }
  Error Next(uint64_t offset, Extent* extent) override {
    const uint64_t begin = offset / kUnitSize * kUnitSize;
    const uint64_t data_end = begin + kGrain;
    if (offset < data_end) {
      *extent = {offset, data_end - offset, Content::kData};
    } else {
      *extent = {offset, begin + kUnitSize - offset, Content::kHole};
    }
    return {};
  }
  void Read(uint64_t /*offset*/, size_t length, char* buffer, Operation* done) override {
    memset(buffer, 'x', length);
    late_.Add(done, [this, length] {
      std::lock_guard<std::mutex> lock(one_);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return static_cast<int64_t>(length);
    });
    std::lock_guard<std::mutex> lock(mutex_);
    in_flight.push_back(late_.in_flight());
  }

  std::vector<size_t> in_flight;

 private:
  const uint64_t units_;
  LateCompletions& late_;
  std::mutex one_;
  std::mutex mutex_;
};

TEST_CASE("copy: no unit is begun beyond the window") {
  // To where the first block of the smaller limit has hardly begun.
  const size_t units = 12 * 30 + 24 + 12 + 12;
  LateCompletions late(1);
  SlowSource source(units, late);
  NullDestination destination;
  Engine engine(source, destination, {});
  Result result;
  REQUIRE(!engine.Run([](const Progress& /*progress*/) {}, &result));
  REQUIRE(source.in_flight.size() == units);
  CHECK(*std::max_element(source.in_flight.begin(), source.in_flight.end()) == 12);
  CHECK(*std::max_element(source.in_flight.end() - 12, source.in_flight.end()) == 6);
}

TEST_CASE("copy: what is no work is no measure") {
  Window window(12);
  size_t least = 12;
  for (int i = 0; i < 1000; ++i) {
    window.Done(0, Window::Clock::time_point(std::chrono::milliseconds(10 * i)));
    least = std::min(least, window.limit());
  }
  CHECK(least == 12);
}

}  // namespace
}  // namespace rbdkit::copy
