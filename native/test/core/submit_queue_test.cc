// These cases check who submits, and that the order is kept.
#include "core/submit_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

namespace rbdkit {
namespace {

// What was submitted, in order, and by whom; to be looked at when `over` says that nothing is under way.
struct Library {
  std::vector<uint32_t> numbers;
  std::vector<bool> at_once;  // whether the starting thread itself did
  const std::thread::id starter = std::this_thread::get_id();
  std::atomic<uint32_t> over{0};
  std::atomic<bool> blocked{false};

  void WaitUntilOver(uint32_t count) const {
    while (over.load(std::memory_order_acquire) < count) std::this_thread::yield();
  }
};

struct Item final : Submission {
  Item(Library* l, uint32_t n) : library(l), number(n) {}
  void Submit() noexcept override {
    while (library->blocked) std::this_thread::yield();
    library->numbers.push_back(number);
    library->at_once.push_back(std::this_thread::get_id() == library->starter);
    library->over.fetch_add(1, std::memory_order_release);
  }
  Library* const library;
  const uint32_t number;
};

struct Fixture {
  void Start(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) queue.Start(&items.emplace_back(&library, started++));
  }
  void Finish(uint32_t count) {
    library.WaitUntilOver(started);
    queue.Over(count);
  }
  // So many so fast that the thread is used. Leaves one of them in flight: as long as none is over, it stays
  // so.
  void Hurry() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      Start(1000);
      Finish(1000);
      Start(1);
      library.WaitUntilOver(started);
      if (!library.at_once.back()) return;
      queue.Over(1);
    }
    FAIL("the thread is never used");
  }

  Library library;
  std::deque<Item> items;
  uint32_t started = 0;
  SubmitQueue queue;
};

void CheckOrder(const Library& library, uint32_t count) {
  REQUIRE(library.numbers.size() == count);
  for (uint32_t i = 0; i < count; ++i) REQUIRE(library.numbers[i] == i);
}

}  // namespace

TEST_CASE("submit queue: many fast operations go by the thread, few at once") {
  Fixture f;
  f.Start(1000);
  CHECK(f.library.over == 1000);
  f.Finish(1000);
  f.Hurry();
  // However fast: few. At once as soon as the thread has counted its last one.
  bool at_once = false;
  for (int attempt = 0; !at_once && attempt < 1000; ++attempt) {
    f.Start(1);
    f.Finish(1);
    at_once = f.library.at_once.back();
  }
  CHECK(at_once);
  f.queue.Stop();
  CheckOrder(f.library, f.started);
}

TEST_CASE("submit queue: none overtakes one that waits, and stopping submits what waits") {
  Fixture f;
  f.Hurry();
  f.library.blocked = true;
  const uint32_t before = f.library.over;
  f.Start(50);
  f.queue.Over(50);
  f.queue.Over(0);  // one is in flight: few, but the thread has not come to the others
  f.Start(1);
  CHECK(f.library.over == before);
  std::thread unblock([&] { f.library.blocked = false; });
  f.queue.Stop();
  unblock.join();
  CheckOrder(f.library, f.started);
}

TEST_CASE("submit queue: the order is kept from one way to the other; one without a thread ends") {
  Fixture f;
  for (uint32_t burst = 1; f.started < 30000; burst = burst % 97 + 1) {
    f.Start(burst);
    if (burst % 3 == 0) f.library.WaitUntilOver(f.started);
    f.queue.Over(burst);
  }
  f.queue.Stop();
  CheckOrder(f.library, f.started);
  const SubmitQueue unused;
}

}  // namespace rbdkit
