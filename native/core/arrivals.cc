// Arrivals is a stack without locks that is turned round when it is taken; the taker sleeps on a futex.
#include "core/arrivals.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace rbdkit {

namespace {

constexpr int64_t kSecond = 1000000000;

Arrival* Pointer(uintptr_t head) {
  return reinterpret_cast<Arrival*>(head & ~uintptr_t{1});  // NOLINT(performance-no-int-to-ptr)
}

// FutexWait() sleeps while `*word` is 0, until `until` of the monotonic clock.
void FutexWait(std::atomic<uint32_t>* word, int64_t until) {
  static_assert(sizeof(*word) == sizeof(uint32_t));
  const timespec deadline{static_cast<time_t>(until / kSecond), static_cast<long>(until % kSecond)};
  // This form takes an absolute time, because a wait of its own for each call would be late after a spurious
  // return.
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, 0, &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

int64_t Now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

// Rouse() is called by who has taken the bit away, and wakes the taker, once a sleep. After the store the
// taker may go on and the queue may be gone, which harms a system call that wakes nobody at that address as
// little as it harms glibc's.
void Arrivals::Rouse() {
  woken_.store(1, std::memory_order_release);
  syscall(SYS_futex, &woken_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void Arrivals::Push(Arrival* arrival) {
  uintptr_t head = head_.load(std::memory_order_acquire);
  uintptr_t next;
  bool rouse;
  do {
    Arrival* before = Pointer(head);
    arrival->next = before;
    rouse = false;
    next = reinterpret_cast<uintptr_t>(arrival);
    if ((head & kAsleep) != 0) {
      // While the taker sleeps nothing is taken, so `before` is still in the queue. When it has woken
      // between, the exchange fails, or the count is a little off, which the end of the taker's wait puts
      // right.
      const uint32_t waiting = before == nullptr ? 1 : before->waiting.load(std::memory_order_relaxed) + 1;
      arrival->waiting.store(waiting, std::memory_order_relaxed);
      rouse = waiting >= enough_.load(std::memory_order_relaxed);
      if (!rouse) next |= kAsleep;
    }
  } while (!head_.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_acquire));
  if (rouse) Rouse();
}

Arrival* Arrivals::Take() {
  if (head_.load(std::memory_order_relaxed) == 0) return nullptr;
  Arrival* newest = Pointer(head_.exchange(0, std::memory_order_acquire));
  Arrival* oldest = nullptr;
  while (newest != nullptr) {
    Arrival* before = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = before;
  }
  return oldest;
}

void Arrivals::Wait(uint32_t enough, int64_t until) {
  enough_.store(enough, std::memory_order_relaxed);
  woken_.store(0, std::memory_order_relaxed);
  uintptr_t head = 0;
  if (!head_.compare_exchange_strong(head, kAsleep, std::memory_order_acq_rel)) return;
  while (woken_.load(std::memory_order_acquire) == 0) {
    FutexWait(&woken_, until);
    if (woken_.load(std::memory_order_acquire) != 0) return;
    if (Now() < until) continue;
    head = head_.load(std::memory_order_relaxed);
    while ((head & kAsleep) != 0) {
      if (head_.compare_exchange_weak(head, head & ~kAsleep, std::memory_order_acq_rel)) return;
    }
    // Somebody has taken the bit and is about to wake this thread. It must not return before, because the
    // wake would count for the next sleep.
    until = Now() + kSecond;
  }
}

void Arrivals::Wake() {
  uintptr_t head = head_.load(std::memory_order_relaxed);
  while ((head & kAsleep) != 0) {
    if (head_.compare_exchange_weak(head, head & ~kAsleep, std::memory_order_acq_rel)) {
      Rouse();
      return;
    }
  }
}

}  // namespace rbdkit
