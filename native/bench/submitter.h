// A Submitter submits for the images of one cluster handle, on a thread of its own.
#ifndef RBDKIT_BENCH_SUBMITTER_H_
#define RBDKIT_BENCH_SUBMITTER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "bench/lane.h"
#include "bench/options.h"
#include "bench/series.h"
#include "core/arrivals.h"

namespace rbdkit::bench {

// A Control is what the threads of a run share.
struct Control {
  int64_t start = 0;  // when measuring begins; nanoseconds of Now()
  int64_t end = 0;    // when no operation begins any more; INT64_MAX: never
  // `stop` is set by Cancel() or by the first error; then no operation begins any more.
  std::atomic<bool> stop{false};
  std::atomic<int64_t> bytes_left{INT64_MAX};

  std::mutex mutex;
  bool cancelled = false;  // guarded by mutex
  Error error;             // the first one; guarded by mutex

  // Fail() ends the run.
  void Fail(Error error);
};

class Submitter {
 public:
  // `rate`: operations a second of each lane, 0 for a closed loop. What is passed outlives the submitter.
  Submitter(const Options& options, Control& control, double rate)
      : options_(options), control_(control), rate_(rate) {}
  Submitter(const Submitter&) = delete;
  Submitter& operator=(const Submitter&) = delete;

  // AddLane() is called before Run(). Throws std::bad_alloc.
  void AddLane(const Target& target, size_t index, uint64_t image_size, const Payload* payload);

  // Run() returns when nothing is in flight any more. It runs on a thread of its own.
  void Run();

  // Wake() makes Run() look at `control` at once. Any thread.
  void Wake() { arrivals_.Wake(); }

  enum class Phase : uint8_t { kRun, kFlush, kDone };
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }
  // These two count the whole run, warm-up included; they tell whether it goes on. Any thread.
  uint64_t operations() const { return operations_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // These two count what is measured only.
  uint64_t measured_operations() const { return measured_operations_.load(std::memory_order_relaxed); }
  uint64_t measured_bytes() const { return measured_bytes_.load(std::memory_order_relaxed); }
  // unstarted() counts the operations of an open loop whose time came and that were not begun before the end.
  // After Run().
  uint64_t unstarted() const { return unstarted_; }

  // TakeIntervals() gives the intervals that are complete, and the number of the one that is not. Any thread.
  std::vector<std::unique_ptr<Interval>> TakeIntervals(int64_t* now);

 private:
  void Begin();
  bool Admit(int64_t now);
  void SubmitNext(Lane& lane, int64_t due);
  void SubmitFlush(Lane& lane);
  void Start(Lane& lane, Operation* operation);
  void SubmitDue();
  void Schedule(Lane& lane);
  void Finish(Operation& operation);
  void Record(const Operation& operation);
  void Rotate(int64_t now);
  void FlushAll();
  bool TakeArrivals(bool refill);
  int64_t WaitUntil(int64_t now) const;
  uint32_t Enough() const;
  void Publish();
  void CountUnstarted();

  const Options& options_;
  Control& control_;
  const double rate_;
  Arrivals arrivals_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // The lanes of an open loop that have a free operation, the one that is due first at the front (a heap).
  std::vector<std::pair<int64_t, Lane*>> schedule_;
  uint64_t in_flight_ = 0;
  bool admitting_ = true;
  uint64_t unstarted_ = 0;
  int64_t interval_end_ = 0;
  std::unique_ptr<Interval> interval_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Interval>> complete_;  // guarded by mutex_
  int64_t interval_now_ = 0;                         // guarded by mutex_

  // The counts are written by the submitting thread alone, a batch at a time.
  struct Counts {
    uint64_t operations = 0;
    uint64_t bytes = 0;
    uint64_t measured_operations = 0;
    uint64_t measured_bytes = 0;
  } counts_;
  std::atomic<Phase> phase_{Phase::kRun};
  std::atomic<uint64_t> operations_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> measured_operations_{0};
  std::atomic<uint64_t> measured_bytes_{0};
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_SUBMITTER_H_
