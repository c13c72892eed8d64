// One mutex guards the queue's list; the counts are atomic.
#include "core/completion_queue.h"

namespace rbdkit {

void CompletionQueue::Append(Completion* item) {
  item->next = nullptr;
  const bool was_empty = head_ == nullptr;
  if (was_empty) {
    head_ = item;
  } else {
    tail_->next = item;
  }
  tail_ = item;
  // The wake is under the lock, so that Close() can promise that none is under way.
  if (was_empty && !closed_) wake_(wake_arg_);
}

void CompletionQueue::Finish(Completion* done) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (done != nullptr) Append(done);
  if (pending_.fetch_sub(1, std::memory_order_relaxed) == 1 && closed_) idle_.notify_all();
}

bool CompletionQueue::Post(Completion* event) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return false;
  Append(event);
  return true;
}

Completion* CompletionQueue::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  Completion* all = head_;
  head_ = nullptr;
  tail_ = nullptr;
  return all;
}

void CompletionQueue::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

bool CompletionQueue::WaitIdle(std::chrono::milliseconds timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return idle_.wait_for(lock, timeout, [this] { return pending() == 0; });
}

}  // namespace rbdkit
