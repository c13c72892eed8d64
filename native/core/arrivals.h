// Arrivals is a queue of operations for the one thread that takes them. Any thread pushes. It knows no
// Node-API.
#ifndef RBDKIT_CORE_ARRIVALS_H_
#define RBDKIT_CORE_ARRIVALS_H_

#include <atomic>
#include <cstdint>

namespace rbdkit {

// An Arrival is what is queued. It is part of an operation, so that queueing allocates nothing.
struct Arrival {
  Arrival* next = nullptr;
  std::atomic<uint32_t> waiting{0};  // this one and those before it, while the taker sleeps
};

// Now() gives nanoseconds of the monotonic clock.
int64_t Now();

// Any number of threads push to an Arrivals, and one takes. There are no locks, and the kernel is asked only
// when the taker sleeps.
class Arrivals {
 public:
  Arrivals() = default;
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  // Push() is called by any thread, librbd's callbacks among them. The queue outlives its last Take(), not
  // the end of Push().
  void Push(Arrival* arrival);

  // Take() gives all there is, oldest first, linked by `next`; nullptr: nothing. The taker's thread.
  Arrival* Take();

  // Wait() sleeps until `enough` have arrived, Wake() is called, or it is `until` (of Now()). It may return
  // early. The taker's thread.
  void Wait(uint32_t enough, int64_t until);

  // Wake() ends a Wait(). Any thread.
  void Wake();

 private:
  // The newest arrival; the lowest bit is set while the taker sleeps.
  static constexpr uintptr_t kAsleep = 1;
  std::atomic<uintptr_t> head_{0};
  std::atomic<uint32_t> enough_{1};
  std::atomic<uint32_t> woken_{0};  // what the taker's futex waits for

  void Rouse();
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_ARRIVALS_H_
