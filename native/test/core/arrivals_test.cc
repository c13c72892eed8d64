// These cases push from several threads and take on one.
#include "core/arrivals.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "bench/random.h"

namespace rbdkit {
namespace {

constexpr int64_t kMillisecond = 1000000;

struct Item : Arrival {
  uint64_t thread = 0;
  uint64_t number = 0;
};

}  // namespace

TEST_CASE("arrivals: in order, all of them") {
  Arrivals arrivals;
  CHECK(arrivals.Take() == nullptr);
  Item items[5];
  for (uint64_t i = 0; i < 5; ++i) {
    items[i].number = i;
    arrivals.Push(&items[i]);
  }
  Arrival* arrival = arrivals.Take();
  for (uint64_t i = 0; i < 5; ++i) {
    REQUIRE(arrival != nullptr);
    CHECK(static_cast<Item*>(arrival)->number == i);
    arrival = arrival->next;
  }
  CHECK(arrival == nullptr);
  CHECK(arrivals.Take() == nullptr);
}

TEST_CASE("arrivals: a wait ends by its time, by enough arrivals, by a wake, or is none") {
  Arrivals arrivals;
  int64_t before = Now();
  arrivals.Wait(1, before + 20 * kMillisecond);
  CHECK(Now() - before >= 20 * kMillisecond);
  arrivals.Wait(1, Now() - kMillisecond);  // past

  Item items[3];
  arrivals.Push(&items[0]);
  before = Now();
  arrivals.Wait(100, before + 60000 * kMillisecond);  // something is there
  CHECK(Now() - before < 30000 * kMillisecond);
  CHECK(arrivals.Take() == &items[0]);

  std::atomic<bool> woken{false};
  std::thread pusher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until the wait has begun
    arrivals.Push(&items[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(!woken);  // one is not enough
    arrivals.Push(&items[2]);
  });
  arrivals.Wait(2, Now() + 60000 * kMillisecond);
  woken = true;
  CHECK(arrivals.Take() == &items[1]);
  pusher.join();

  std::thread waker([&] {
    // Once more often than needed: a wake of one who is awake is none.
    for (int i = 0; i < 100; ++i) {
      arrivals.Wake();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  before = Now();
  arrivals.Wait(1, before + 60000 * kMillisecond);
  CHECK(Now() - before < 30000 * kMillisecond);
  waker.join();
}

TEST_CASE("arrivals: nothing is lost or overslept, however threads push, wait and wake") {
  constexpr uint64_t kThreads = 3;
  constexpr uint64_t kEach = 20000;
  constexpr uint64_t kPool = 16;  // as many of a thread are under way at most, as with operations
  Arrivals arrivals;
  std::vector<std::vector<Item>> items;
  for (uint64_t t = 0; t < kThreads; ++t) {
    items.emplace_back(kPool);
  }
  std::atomic<uint64_t> taken[kThreads] = {};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      bench::Random random(t);
      for (uint64_t i = 0; i < kEach; ++i) {
        while (i - taken[t] >= kPool) std::this_thread::yield();
        Item& item = items[t][i % kPool];
        item.thread = t;
        item.number = i;
        arrivals.Push(&item);
        if (random.Below(100) == 0) arrivals.Wake();
        if (random.Below(1000) == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    });
  }
  bench::Random random(99);
  uint64_t total = 0;
  bool in_order = true;
  int64_t longest = 0;
  while (total < kThreads * kEach) {
    Arrival* arrival = arrivals.Take();
    if (arrival == nullptr) {
      // Now and then more than will come: then the time ends the wait.
      const auto enough = static_cast<uint32_t>(1 + random.Below(random.Below(50) == 0 ? 1000 : 4));
      const int64_t before = Now();
      const int64_t until = before + static_cast<int64_t>(random.Below(3000000));
      arrivals.Wait(enough, until);
      longest = std::max(longest, Now() - until);
    }
    while (arrival != nullptr) {
      auto& item = *static_cast<Item*>(arrival);
      arrival = arrival->next;
      in_order = in_order && item.number == taken[item.thread];
      ++taken[item.thread];
      ++total;
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(in_order);
  CHECK(longest < 20000 * kMillisecond);
  CHECK(arrivals.Take() == nullptr);
}

}  // namespace rbdkit
