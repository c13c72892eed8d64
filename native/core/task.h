// A Task is a blocking call on an executor's thread, with its value and its progress. The JavaScript thread
// starts, cancels and settles it.
#ifndef RBDKIT_CORE_TASK_H_
#define RBDKIT_CORE_TASK_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "core/completion_queue.h"
#include "core/executor.h"
#include "core/pulse.h"
#include "core/value.h"

namespace rbdkit {

class Environment;

// A Valued is a completion with a value.
class Valued : public Completion {
 public:
  using Completion::Completion;
  // What the slot is settled with. JavaScript thread.
  virtual Napi::Value ToValue(Napi::Env env) { return value(env); }
  Value value;             // undefined when nobody set it
  bool submitted = false;  // begun by Environment::SubmitTask(). JavaScript thread.
};

// A Task is one blocking call. `result` is the C function's: >= 0 resolves the slot with the value (or the
// number when there is none), < 0 rejects it.
class Task : public Valued {
 public:
  Task(Environment& environment, uint32_t slot);

  // Run() runs `work` on `executor` and delivers the task. Work that is cancelled before its turn comes is
  // not begun. JavaScript thread.
  void Run(Executor& executor, std::function<void(Task&)> work);
  // Finish() says that a call is over that was not Run(), because C calls back when it is. The task belongs
  // to the JavaScript thread afterwards. Any thread.
  void Finish();

  // Report() tells JavaScript how far the call is, at most ten times a second. Any thread while `work` runs.
  void Report(uint64_t done, uint64_t total);
  // ReportValue() does the same with a value of its own, for callers that limit the rate themselves.
  void ReportValue(Value reported);

  // Cancel() asks the call to end early. JavaScript thread.
  void Cancel();
  // Abandon() says that the caller has been answered and the call goes on without one. The process's end does
  // not wait for it, and its thread does not count (Executor::Bound). JavaScript thread.
  void Abandon();
  // quiet() tells how long there has been no sign of life.
  std::chrono::milliseconds quiet() const { return pulse_->quiet(); }
  // cancelled() tells whether somebody asked the call to end. Any thread.
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  // OnCancel() calls `hook` once when the task is cancelled, at once if it is already. Pass nullptr before
  // what the hook uses goes away. Any thread.
  void OnCancel(std::function<void()> hook);

 private:
  void Work();

  CompletionQueue& queue_;
  std::function<void(Task&)> work_;
  const std::shared_ptr<Pulse> pulse_ = std::make_shared<Pulse>();
  Executor::Bound bound_;
  std::atomic<bool> cancelled_{false};
  enum class State { kRuns, kAbandoned, kOver };
  std::atomic<State> state_{State::kRuns};
  std::mutex mutex_;
  std::function<void()> on_cancel_;                      // guarded by mutex_
  std::chrono::steady_clock::time_point last_report_{};  // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_TASK_H_
