// The load generator keeps operations in flight on images and measures what they took. Its Engine blocks the
// thread that calls Run(), and one Submitter thread for each cluster handle submits.
#ifndef RBDKIT_BENCH_ENGINE_H_
#define RBDKIT_BENCH_ENGINE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bench/options.h"
#include "bench/series.h"

namespace rbdkit::bench {

enum class Phase : uint8_t { kPrepare, kWarmup, kRun, kFlush, kDone };

struct Progress {
  Phase phase = Phase::kPrepare;
  double seconds = 0;        // measured so far
  double seconds_total = 0;  // 0: the bytes end the run
  uint64_t operations = 0;   // measured
  uint64_t bytes = 0;
  double iops = 0;  // of the last second
  double bytes_per_second = 0;
  Cell latency;          // of the last whole second, all directions
  bool stalled = false;  // nothing has completed for a while
};

// A Usage is what the process has used, in all its threads.
struct Usage {
  double user_seconds = 0;
  double system_seconds = 0;
  uint64_t context_switches = 0;
  static Usage Now();
};

struct Result {
  double elapsed = 0;  // seconds of the whole run
  double seconds = 0;  // measured
  std::array<Tally, kWays> ways;
  std::vector<Row> rows;
  Usage usage;             // while measuring
  uint64_t unstarted = 0;  // of an open loop that did not keep up
};

class Engine {
 public:
  using Report = std::function<void(const Progress&)>;

  // There is at least one target, each larger than the largest block.
  Engine(const Options& options, std::vector<Target> targets);
  ~Engine();

  // Run() runs the load, and blocks. When it returns nothing is in flight, except when a run that was
  // cancelled or that failed could not be drained in time (Options::drain_for). `report` is called on this
  // thread, ten times a second.
  Error Run(const Report& report, Result* result);

  // Cancel() ends the run early. Any thread, any time before, while or after Run().
  void Cancel();

 private:
  struct Run_;
  void Prepare();
  Error Watch(const Report& report, Result* result);
  Progress Take(int64_t now);
  void Collect();
  bool Drained();

  // `run_` is shared with the submitting threads, which may be left behind.
  const std::shared_ptr<Run_> run_;
  Series series_;
  std::deque<std::array<double, 3>> samples_;  // seconds, operations, bytes
  uint64_t last_operations_ = 0;
  int64_t last_progress_ = 0;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_ENGINE_H_
