// What other threads have finished, on its way to the JavaScript thread. Knows no Node-API, so it is tested
// alone.
#ifndef RBDKIT_CORE_COMPLETION_QUEUE_H_
#define RBDKIT_CORE_COMPLETION_QUEUE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rbdkit {

// One finished operation or event. Allocated when the operation starts, so that a C callback allocates
// nothing.
struct Completion {
  enum class Kind : uint8_t {
    kIo,        // settles a slot with one number
    kTask,      // settles a slot with a value
    kProgress,  // an event of a slot that goes on
  };
  explicit Completion(Kind k) : kind(k) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  // Ends its use, on the JavaScript thread once it is delivered; kinds that are pooled override it.
  virtual void Release() { delete this; }

  Completion* next = nullptr;
  int64_t result = 0;  // >= 0 or a negative errno
  uint32_t slot = 0;
  const Kind kind;

 protected:
  virtual ~Completion() = default;
};

// One queue an environment. Wakes JavaScript only when the queue was empty: one wake settles a whole batch.
class CompletionQueue {
 public:
  using Wake = void (*)(void* arg);
  CompletionQueue(Wake wake, void* arg) : wake_(wake), wake_arg_(arg) {}

  // An operation starts: Push() must follow exactly once, or Cancel(). JavaScript thread.
  void Begin() { pending_.fetch_add(1, std::memory_order_relaxed); }

  // The operation that Begin() announced could not be started. JavaScript thread.
  void Cancel() { Finish(nullptr); }

  // The operation is over; takes ownership of `done`. Any thread, C callbacks included: short, no allocation.
  void Push(Completion* done) { Finish(done); }

  // An event of an operation that goes on. Returns false (and does not take it) after Close(). Any thread.
  bool Post(Completion* event);

  // Everything there is, oldest first, linked by `next`; the caller owns it. JavaScript thread.
  Completion* Take();

  // The caller of one operation under way waits for it no longer (+1), or that operation is over (-1). Any
  // thread.
  void CountAbandoned(int change) { abandoned_.fetch_add(change, std::memory_order_relaxed); }
  // Whether all that is pending was abandoned.
  bool only_abandoned() const { return pending() <= abandoned_.load(std::memory_order_relaxed); }

  // Operations that Begin() announced and that are not over.
  int64_t pending() const { return pending_.load(std::memory_order_relaxed); }

  // No wake after this returns: the wake's target may go. JavaScript thread.
  void Close();

  // Waits until nothing is pending, at most for `timeout`. Returns whether nothing is. Any thread.
  bool WaitIdle(std::chrono::milliseconds timeout);

 private:
  void Finish(Completion* done);
  void Append(Completion* item);

  const Wake wake_;
  void* const wake_arg_;
  std::atomic<int64_t> pending_{0};
  std::atomic<int64_t> abandoned_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
  Completion* head_ = nullptr;  // guarded by mutex_
  Completion* tail_ = nullptr;  // guarded by mutex_
  bool closed_ = false;         // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_COMPLETION_QUEUE_H_
