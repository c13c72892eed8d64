// Run() runs on the queue's own thread, "rbdkit-submit"; the rest runs on the JavaScript thread.
#include "core/submit_queue.h"

#include <pthread.h>

#include <system_error>

#include "core/signal_mask.h"

namespace rbdkit {

namespace {

// With no more operations in flight than this, the thread's wake-ups cost more than it saves.
constexpr int64_t kFew = 16;
// A cluster that answers more slowly lets the thread sleep between operations, and then it is one more to
// wake.
constexpr int64_t kFast = 50000;  // operations over in a second
constexpr int64_t kSecond = 1000000000;
constexpr int64_t kWindow = kSecond / 200;

}  // namespace

void SubmitQueue::Start(Submission* submission) {
  ++in_flight_;
  // What waits must not be overtaken.
  const bool at_once = !by_thread_ && waiting_.load(std::memory_order_acquire) == 0;
  if (at_once || (!thread_.joinable() && !StartThread())) {
    submission->Submit();
    return;
  }
  waiting_.fetch_add(1, std::memory_order_relaxed);
  arrivals_.Push(submission);
}

void SubmitQueue::Over(int64_t count) {
  window_count_ += count;
  const int64_t now = Now();
  const int64_t length = now - window_begin_;
  if (length >= kWindow) {
    fast_ = window_count_ * kSecond / length >= kFast;
    window_begin_ = now;
    window_count_ = 0;
  }
  by_thread_ = fast_ && in_flight_ > kFew;
  in_flight_ -= count;
}

bool SubmitQueue::StartThread() {
  const SignalMask mask;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    // No thread is to be had. The JavaScript thread goes on submitting.
  }
  return thread_.joinable();
}

void SubmitQueue::Run() {
  pthread_setname_np(pthread_self(), "rbdkit-submit");
  while (!end_.submitted) {
    Arrival* arrival = arrivals_.Take();
    if (arrival == nullptr) arrivals_.Wait(1, INT64_MAX);
    while (arrival != nullptr) {
      auto* submission = static_cast<Submission*>(arrival);
      arrival = arrival->next;  // before it may be gone
      submission->Submit();
      waiting_.fetch_sub(1, std::memory_order_release);
    }
  }
}

void SubmitQueue::Stop() {
  if (!thread_.joinable()) return;
  waiting_.fetch_add(1, std::memory_order_relaxed);
  arrivals_.Push(&end_);
  thread_.join();
}

}  // namespace rbdkit
