// These cases check the queue's order, its wakes and its end.
#include "core/completion_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace rbdkit {
namespace {

std::atomic<int> items_alive{0};

struct Item final : Completion {
  explicit Item(uint32_t number) : Completion(Kind::kIo) {
    slot = number;
    ++items_alive;
  }
  ~Item() override { --items_alive; }
};

// This stands for the thread-safe function. It counts wakes, and notices one that comes after it is gone.
struct Waker {
  std::atomic<int> wakes{0};
  std::atomic<bool> gone{false};
  std::atomic<int> too_late{0};
  static void Wake(void* arg) {
    auto* self = static_cast<Waker*>(arg);
    ++self->wakes;
    if (self->gone) ++self->too_late;
  }
};

std::vector<uint32_t> TakeAll(CompletionQueue& queue) {
  std::vector<uint32_t> slots;
  for (Completion* item = queue.Take(); item != nullptr;) {
    Completion* done = item;
    item = item->next;
    slots.push_back(done->slot);
    done->Release();
  }
  return slots;
}

}  // namespace

TEST_CASE("completion queue: one wake a batch, again after the batch was taken") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  for (uint32_t i = 0; i < 3; ++i) {
    queue.Begin();
    queue.Push(new Item(i));
  }
  CHECK(waker.wakes == 1);
  CHECK(TakeAll(queue) == std::vector<uint32_t>{0, 1, 2});
  CHECK(queue.Take() == nullptr);
  queue.Begin();
  queue.Push(new Item(3));
  CHECK(waker.wakes == 2);
  CHECK(TakeAll(queue) == std::vector<uint32_t>{3});
  CHECK(items_alive == 0);
}

TEST_CASE("completion queue: events and ends of one thread stay in order") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  queue.Begin();
  CHECK(queue.Post(new Item(1)));
  CHECK(queue.Post(new Item(2)));
  queue.Push(new Item(3));
  CHECK(waker.wakes == 1);
  CHECK(queue.pending() == 0);
  CHECK(TakeAll(queue) == std::vector<uint32_t>{1, 2, 3});
}

TEST_CASE("completion queue: an event is no operation") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  CHECK(queue.Post(new Item(1)));
  CHECK(queue.pending() == 0);
  CHECK(queue.WaitIdle(0ms));
  TakeAll(queue);
}

TEST_CASE("completion queue: an operation that could not start is no longer waited for") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  queue.Begin();
  CHECK(queue.pending() == 1);
  CHECK_FALSE(queue.WaitIdle(5ms));
  queue.Cancel();
  CHECK(queue.WaitIdle(0ms));
  CHECK(waker.wakes == 0);
  CHECK(queue.Take() == nullptr);
}

TEST_CASE("completion queue: after Close() ends are kept, events refused, nobody woken") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  queue.Begin();
  queue.Close();
  auto* refused = new Item(1);
  CHECK_FALSE(queue.Post(refused));
  refused->Release();  // it is still the caller's
  queue.Push(new Item(2));
  CHECK(waker.wakes == 0);
  CHECK(queue.WaitIdle(0ms));
  CHECK(TakeAll(queue) == std::vector<uint32_t>{2});
  CHECK(items_alive == 0);
}

TEST_CASE("completion queue: WaitIdle() of a closed queue ends with the last operation") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  constexpr int kOperations = 3;
  for (int i = 0; i < kOperations; ++i) queue.Begin();
  queue.Close();
  std::thread device([&] {
    for (uint32_t i = 0; i < kOperations; ++i) {
      std::this_thread::sleep_for(10ms);
      queue.Push(new Item(i));
    }
  });
  CHECK(queue.WaitIdle(20s));
  CHECK(TakeAll(queue).size() == kOperations);
  device.join();
}

TEST_CASE("completion queue: nothing is lost, doubled or reordered between threads") {
  Waker waker;
  CompletionQueue queue(Waker::Wake, &waker);
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kEach = 5000;
  for (uint32_t i = 0; i < kThreads * kEach; ++i) queue.Begin();
  std::vector<std::thread> devices;
  for (uint32_t t = 0; t < kThreads; ++t) {
    devices.emplace_back([&queue, t] {
      for (uint32_t i = 0; i < kEach; ++i) queue.Push(new Item(t * kEach + i));
    });
  }
  std::vector<uint32_t> next(kThreads, 0);
  uint32_t seen = 0;
  int batches = 0;
  int wakes_answered = 0;
  // The loop takes only after a wake, as JavaScript does, so an item without a wake would hang it.
  while (seen < kThreads * kEach) {
    if (waker.wakes == wakes_answered) {
      std::this_thread::yield();
      continue;
    }
    ++wakes_answered;
    const auto slots = TakeAll(queue);
    if (!slots.empty()) ++batches;
    for (const uint32_t slot : slots) CHECK(slot % kEach == next[slot / kEach]++);
    seen += static_cast<uint32_t>(slots.size());
  }
  for (auto& device : devices) device.join();
  CHECK(queue.pending() == 0);
  CHECK(waker.wakes == batches);  // a wake only when the queue was empty
  CHECK(items_alive == 0);
}

TEST_CASE("completion queue: no wake after Close() returned, whoever pushes meanwhile") {
  for (int round = 0; round < 50; ++round) {
    Waker waker;
    CompletionQueue queue(Waker::Wake, &waker);
    constexpr uint32_t kThreads = 3;
    constexpr uint32_t kEach = 200;
    for (uint32_t i = 0; i < kThreads * kEach; ++i) queue.Begin();
    std::vector<std::thread> devices;
    for (uint32_t t = 0; t < kThreads; ++t) {
      devices.emplace_back([&queue] {
        for (uint32_t i = 0; i < kEach; ++i) {
          auto* event = new Item(0);
          if (!queue.Post(event)) event->Release();
          queue.Push(new Item(i));
        }
      });
    }
    if (round % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(20 * round));
    TakeAll(queue);
    queue.Close();
    waker.gone = true;
    CHECK(queue.WaitIdle(20s));
    CHECK(queue.pending() == 0);
    for (auto& device : devices) device.join();
    CHECK(waker.too_late == 0);
    TakeAll(queue);
    CHECK(items_alive == 0);
  }
}

TEST_CASE("completion queue: may go as soon as WaitIdle() says so") {
  // This is the worker's end: the clean-up hook waits, then the environment with its queue is freed.
  // Sanitizers watch.
  for (int round = 0; round < 200; ++round) {
    Waker waker;
    auto queue = std::make_unique<CompletionQueue>(Waker::Wake, &waker);
    queue->Begin();
    std::thread device([&q = *queue] { q.Push(new Item(1)); });
    queue->Close();
    REQUIRE(queue->WaitIdle(20s));
    TakeAll(*queue);
    queue.reset();
    device.join();
  }
  CHECK(items_alive == 0);
}

}  // namespace rbdkit
