// Work() runs on an executor's thread; progress and the end go through the completion queue.
#include "core/task.h"

#include <cerrno>
#include <exception>
#include <new>
#include <system_error>

#include "core/environment.h"
#include "sys/exit_fence.h"

namespace rbdkit {

namespace {
constexpr std::chrono::milliseconds kReportInterval{100};
}  // namespace

Task::Task(Environment& environment, uint32_t slot_number)
    : Valued(Kind::kTask), queue_(environment.queue()) {
  slot = slot_number;
  environment.tasks()[slot] = this;
  queue_.Begin();
}

void Task::Run(Executor& executor, std::function<void(Task&)> work) {
  work_ = std::move(work);
  bound_ = executor.bound();
  FenceConnected();  // here, so that process.exit() on this thread cannot come between
  try {
    executor.Run([this] {
      const Pulse::Scope alive(pulse_);
      Work();
      // What the work held may be the last reference to a handle. It is let go here, not on the JavaScript
      // thread, and before the push, because after it the task belongs to that thread.
      work_ = nullptr;
      FenceDisconnected();
      Finish();
    });
  } catch (const std::system_error&) {
    result = -EAGAIN;  // no thread to be had
    work_ = nullptr;
    FenceDisconnected();
    queue_.Push(this);
  }
}

void Task::Finish() {
  if (state_.exchange(State::kOver) == State::kAbandoned) {
    queue_.CountAbandoned(-1);
    bound_.Leave(-1);
  }
  queue_.Push(this);
}

// Nothing may leave Work(), because an exception on a thread of ours would end the process.
void Task::Work() {
  if (cancelled()) {
    result = -ECANCELED;
    return;
  }
  try {
    work_(*this);
    return;
  } catch (const std::bad_alloc&) {
    result = -ENOMEM;
    value = Value();
  } catch (const std::exception& error) {
    result = -EIO;
    value = Value(error.what());
  }
  OnCancel(nullptr);  // the hook's objects went with the work
}

void Task::Report(uint64_t done, uint64_t total) {
  pulse_->Beat();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_report_ < kReportInterval && done != total) return;
    last_report_ = now;
  }
  ReportValue(Value::List({Value::Number(done), Value::Number(total)}));
}

void Task::ReportValue(Value reported) {
  auto* event = new Valued(Kind::kProgress);
  event->slot = slot;
  event->value = std::move(reported);
  if (!queue_.Post(event)) event->Release();
}

void Task::Cancel() {
  std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (on_cancel_) on_cancel_();  // under the lock: OnCancel(nullptr) waits until it is over
  on_cancel_ = nullptr;
}

void Task::Abandon() {
  queue_.CountAbandoned(1);
  State runs = State::kRuns;
  if (state_.compare_exchange_strong(runs, State::kAbandoned)) {
    bound_.Leave(1);
  } else {
    queue_.CountAbandoned(-1);
  }
}

void Task::OnCancel(std::function<void()> hook) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (hook && cancelled_) {
    hook();
    return;
  }
  on_cancel_ = std::move(hook);
}

}  // namespace rbdkit
