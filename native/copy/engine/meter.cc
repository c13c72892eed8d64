// Loop() runs on the meter's own thread, "rbdkit-progress"; the rest runs on the engine's threads.
#include "copy/engine/meter.h"

#include <pthread.h>

namespace rbdkit::copy {

namespace {
constexpr std::chrono::milliseconds kInterval{100};
constexpr size_t kRateSamples = 20;  // the rate is that of the last two seconds
}  // namespace

Meter::Meter(Report report, std::chrono::milliseconds stalled_after)
    : report_(std::move(report)), stalled_after_(stalled_after), touched_(Now()) {
  thread_ = std::thread([this] { Loop(); });
}

int64_t Meter::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Meter::Enter(Phase phase) {
  phase_ = phase;
  Touch();
}

void Meter::Restart(Phase phase) {
  done_ = 0;
  Enter(phase);
}

void Meter::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

double Meter::Rate(int64_t now, uint64_t done) {
  if (!samples_.empty() && done < samples_.back().second) samples_.clear();
  samples_.emplace_back(now, done);
  if (samples_.size() > kRateSamples) samples_.pop_front();
  const int64_t span = now - samples_.front().first;
  return span > 0 ? static_cast<double>(done - samples_.front().second) * 1e9 / static_cast<double>(span) : 0;
}

Progress Meter::Take() {
  Progress progress;
  const int64_t now = Now();
  progress.phase = phase_;
  progress.bytes_done = done_;
  progress.bytes_total = total_;
  progress.bytes_per_second = Rate(now, progress.bytes_done);
  progress.stalled = std::chrono::nanoseconds(now - touched_) > stalled_after_;
  return progress;
}

void Meter::Loop() {
  pthread_setname_np(pthread_self(), "rbdkit-progress");
  Progress last;
  bool first = true;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const Progress now = Take();
    const bool news = first || now.phase != last.phase || now.bytes_done != last.bytes_done ||
                      now.bytes_total != last.bytes_total || now.stalled != last.stalled;
    if (news) report_(now);
    last = now;
    first = false;
    lock.lock();
    wake_.wait_for(lock, kInterval, [this] { return stop_; });
  }
}

void Meter::Finish() {
  phase_ = Phase::kDone;
  Touch();
  report_(Take());
}

}  // namespace rbdkit::copy
