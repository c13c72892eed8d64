// A SubmitQueue takes operations from the JavaScript thread into a C library's asynchronous calls. It knows
// no Node-API.
#ifndef RBDKIT_CORE_SUBMIT_QUEUE_H_
#define RBDKIT_CORE_SUBMIT_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "core/arrivals.h"

namespace rbdkit {

// A Submission is an operation that is to begin.
class Submission : public Arrival {
 public:
  // Submit() gives the operation to the library. That the library does not take it is a result like others.
  // The operation may be gone when this returns. The JavaScript thread or the queue's.
  virtual void Submit() noexcept = 0;

 protected:
  ~Submission() = default;
};

// Each environment has one SubmitQueue. The JavaScript thread submits operations itself. While many are in
// flight and soon over, it leaves that to a thread, which then hardly ever sleeps (docs/decisions/0016).
// Either way, and from one to the other, operations are submitted in the order in which they were started.
class SubmitQueue {
 public:
  SubmitQueue() = default;
  ~SubmitQueue() { Stop(); }
  SubmitQueue(const SubmitQueue&) = delete;
  SubmitQueue& operator=(const SubmitQueue&) = delete;

  // Start() submits an operation or queues it. JavaScript thread.
  void Start(Submission* submission);

  // Over() says that `count` operations are over. JavaScript, which may start as many again, is about to
  // learn it, and here it is decided who submits those. JavaScript thread.
  void Over(int64_t count);

  // Stop() submits what waits and ends the thread. It is the last call. JavaScript thread.
  void Stop();

 private:
  // An End is the last submission of all, and ends the thread.
  struct End final : Submission {
    void Submit() noexcept override { submitted = true; }
    bool submitted = false;
  };

  bool StartThread();
  void Run();

  // These are the JavaScript thread's.
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
