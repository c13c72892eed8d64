// The way from the JavaScript thread into a C library's asynchronous calls. Knows no Node-API.
#ifndef RBDKIT_CORE_SUBMIT_QUEUE_H_
#define RBDKIT_CORE_SUBMIT_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "core/arrivals.h"

namespace rbdkit {

// An operation that is to begin.
class Submission : public Arrival {
 public:
  // Gives it to the library; that it is not taken is a result like others. It may be gone when this returns.
  // Any thread.
  virtual void Submit() noexcept = 0;

 protected:
  ~Submission() = default;
};

// One an environment. The JavaScript thread submits operations itself, or, while many are in flight and soon
// over, leaves it to a thread, which then hardly ever sleeps (docs/decisions/0016). Either way, and from one
// to the other, they are submitted in the order in which they were started.
class SubmitQueue {
 public:
  SubmitQueue() = default;
  ~SubmitQueue() { Stop(); }
  SubmitQueue(const SubmitQueue&) = delete;
  SubmitQueue& operator=(const SubmitQueue&) = delete;

  // JavaScript thread.
  void Start(Submission* submission);

  // `count` operations are over, and JavaScript, which may start as many again, is about to learn it: here it
  // is decided who submits those. JavaScript thread.
  void Over(int64_t count);

  // Submits what waits and ends the thread. JavaScript thread; the last call.
  void Stop();

 private:
  // The last submission of all: ends the thread.
  struct End final : Submission {
    void Submit() noexcept override { submitted = true; }
    bool submitted = false;
  };

  bool StartThread();
  void Run();

  // The JavaScript thread's.
  int64_t in_flight_ = 0;     // started, and not known to be over
  int64_t window_begin_ = 0;  // of Now()
  int64_t window_count_ = 0;  // operations over since then
  bool fast_ = false;         // many were over in the last window
  bool by_thread_ = false;

  std::atomic<uint32_t> waiting_{0};  // left to the thread, and Submit() has not returned
  Arrivals arrivals_;
  End end_;
  std::thread thread_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_SUBMIT_QUEUE_H_
