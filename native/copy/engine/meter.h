// A Meter counts how far a copy is and reports it from a thread of its own. The engine's threads count.
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
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "core/pulse.h"
#include "disk/error.h"

namespace rbdkit::copy {

enum class Phase : uint8_t { kPrepare, kCopy, kFlush, kVerify, kPublish, kCompare, kDone };

struct Progress {
  Phase phase = Phase::kPrepare;
  uint64_t bytes_done = 0;   // of the source's size, holes included
  uint64_t bytes_total = 0;  // 0 until the source is open
  double bytes_per_second = 0;
  bool stalled = false;  // nothing has completed for a while
};

// Nothing completes for so long: the copy is stalled.
inline constexpr std::chrono::milliseconds kStalledAfter{10000};

// A Meter reports at most ten times a second, from a thread of its own, so that a copy that hangs still says
// so.
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
  // Restart() counts anew, for a phase of its own.
  void Restart(Phase phase);
  // Touch() says that something completed.
  void Touch() {
    touched_ = Now();
    pulse_->Beat();
  }
  // Rest() says that nothing is to be done until then, which is no stall.
  void Rest(std::chrono::steady_clock::time_point until) { touched_ = until.time_since_epoch().count(); }

  // There is no report after Stop().
  void Stop();
  // Finish() makes the last report of a copy that succeeded; after Stop().
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

// A job with a meter: what `work(meter)` gives, or what the machine is short of as an error.
template <typename Work>
Error Metered(Meter::Report report, std::chrono::milliseconds stalled_after, const Work& work) {
  try {
    Meter meter(std::move(report), stalled_after);
    Error error = work(meter);
    meter.Stop();
    if (!error) meter.Finish();
    return error;
  } catch (const std::bad_alloc&) {
    return Error(-ENOMEM, "malloc");
  } catch (const std::system_error&) {
    return Error(-EAGAIN, "pthread_create");
  }
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_METER_H_
