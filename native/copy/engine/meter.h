// How far a copy is.
#ifndef RBDKIT_COPY_ENGINE_METER_H_
#define RBDKIT_COPY_ENGINE_METER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "core/pulse.h"

namespace rbdkit::copy {

enum class Phase : uint8_t { kPrepare, kCopy, kFlush, kVerify, kPublish, kCompare, kDone };

struct Progress {
  Phase phase = Phase::kPrepare;
  uint64_t bytes_done = 0;   // of the source's size, holes included
  uint64_t bytes_total = 0;  // 0 until the source is open
  double bytes_per_second = 0;
  bool stalled = false;  // nothing has completed for a while
};

// Reports at most ten times a second, from a thread of its own, so that a copy that hangs still says so.
class Meter {
 public:
  using Report = std::function<void(const Progress&)>;
  Meter(Report report, std::chrono::milliseconds stalled_after);
  ~Meter() { Stop(); }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // Any thread.
  void Enter(Phase phase);
  void SetTotal(uint64_t bytes) { total_ = bytes; }
  void Add(uint64_t bytes) { done_ += bytes; }
  // Counts anew, for a phase of its own.
  void Restart(Phase phase);
  // Something completed.
  void Touch() {
    touched_ = Now();
    pulse_->Beat();
  }
  // Nothing is to be done until then, which is no stall.
  void Rest(std::chrono::steady_clock::time_point until) { touched_ = until.time_since_epoch().count(); }

  // No report after this.
  void Stop();
  // The last report of a copy that succeeded; after Stop().
  void Finish();

 private:
  static int64_t Now();
  void Loop();
  Progress Take();
  double Rate(int64_t now, uint64_t done);

  const Report report_;
  const std::shared_ptr<Pulse> pulse_ = Pulse::Current();
  const std::chrono::milliseconds stalled_after_;
  std::atomic<Phase> phase_{Phase::kPrepare};
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<int64_t> touched_;                      // nanoseconds of the steady clock
  std::deque<std::pair<int64_t, uint64_t>> samples_;  // the reporting thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_METER_H_
