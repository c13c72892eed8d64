// A CompletionQueue carries what other threads have finished to the JavaScript thread. It knows no Node-API,
// so it is tested alone.
#ifndef RBDKIT_CORE_COMPLETION_QUEUE_H_
#define RBDKIT_CORE_COMPLETION_QUEUE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rbdkit {

// A Completion is one finished operation or event. It is allocated when the operation starts, so that a C
// callback allocates nothing.
struct Completion {
  enum class Kind : uint8_t {
    kIo,        // settles a slot with one number
    kTask,      // settles a slot with a value
    kProgress,  // an event of a slot that goes on
  };
  explicit Completion(Kind k) : kind(k) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  // Release() ends its use, on the JavaScript thread once it is delivered. Kinds that are pooled override it.
  virtual void Release() { delete this; }

  Completion* next = nullptr;
  int64_t result = 0;  // >= 0 or a negative errno
  uint32_t slot = 0;
  const Kind kind;

 protected:
  virtual ~Completion() = default;
};

// Each environment has one CompletionQueue. It wakes JavaScript only when it was empty, so that one wake
// settles a whole batch.
class CompletionQueue {
 public:
  using Wake = void (*)(void* arg);
  CompletionQueue(Wake wake, void* arg) : wake_(wake), wake_arg_(arg) {}

  // Begin() announces an operation. Push() must follow exactly once, or Cancel(). JavaScript thread.
  void Begin() { pending_.fetch_add(1, std::memory_order_relaxed); }

  // Cancel() says that the operation which Begin() announced could not be started. JavaScript thread.
  void Cancel() { Finish(nullptr); }

  // Push() says that the operation is over, and takes ownership of `done`. It is short and allocates nothing.
  // Any thread, C callbacks included.
  void Push(Completion* done) { Finish(done); }

  // Post() queues an event of an operation that goes on. It returns false (and does not take the event) after
  // Close(). Any thread.
  bool Post(Completion* event);

  // Take() gives everything there is, oldest first, linked by `next`; the caller owns it. JavaScript thread.
  Completion* Take();

  // CountAbandoned() counts that the caller of one operation under way waits for it no longer (+1), or that
  // such an operation is over (-1). Any thread.
  void CountAbandoned(int change) { abandoned_.fetch_add(change, std::memory_order_relaxed); }
  // only_abandoned() tells whether all that is pending was abandoned.
  bool only_abandoned() const { return pending() <= abandoned_.load(std::memory_order_relaxed); }

  // pending() counts the operations that Begin() announced and that are not over.
  int64_t pending() const { return pending_.load(std::memory_order_relaxed); }

  // There is no wake after Close() has returned, so the wake's target may go. JavaScript thread.
  void Close();

  // WaitIdle() waits until nothing is pending, at most for `timeout`. It returns whether nothing is. Any
  // thread.
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
