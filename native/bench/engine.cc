// The engine starts one submitter for each cluster handle, and watches them from the thread that called
// Run().
#include "bench/engine.h"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "bench/submitter.h"
#include "sys/rbd.h"

namespace rbdkit::bench {

namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int64_t kInterval = kSecond / 10;
constexpr size_t kRateSamples = 11;  // the rate is that of the last second

double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / kSecond; }
double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::chrono::steady_clock::time_point PointOf(int64_t now) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now));
}

}  // namespace

Usage Usage::Now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {Seconds(usage.ru_utime), Seconds(usage.ru_stime),
          static_cast<uint64_t>(usage.ru_nvcsw) + static_cast<uint64_t>(usage.ru_nivcsw)};
}

struct Engine::Run_ {
  Run_(const Options& o, std::vector<Target> t) : options(o), targets(std::move(t)) {}

  const Options options;
  const std::vector<Target> targets;
  Control control;
  std::unique_ptr<Payload> payload;
  std::vector<std::unique_ptr<Submitter>> submitters;
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable wake;
  size_t ended = 0;      // threads; guarded by mutex
  int64_t last_end = 0;  // when the last of them did; guarded by mutex
};

Engine::Engine(const Options& options, std::vector<Target> targets)
    : run_(std::make_shared<Run_>(options, std::move(targets))), series_(0) {}

Engine::~Engine() = default;

void Engine::Cancel() {
  {
    std::lock_guard<std::mutex> lock(run_->control.mutex);
    run_->control.cancelled = true;
    run_->control.stop = true;
  }
  std::lock_guard<std::mutex> lock(run_->mutex);
  for (const auto& submitter : run_->submitters) submitter->Wake();
  run_->wake.notify_all();
}

Error Engine::Run(const Report& report, Result* result) {
  const int64_t begin = Now();
  try {
    report(Progress());
    Prepare();
  } catch (const std::bad_alloc&) {
    return {-ENOMEM, "mmap"};
  }
  Error error = Watch(report, result);
  if (error) return error;
  result->elapsed = Seconds(Now() - begin);
  Progress last = Take(Now());
  last.phase = Phase::kDone;
  report(last);
  return {};
}

// One submitter a cluster handle.
void Engine::Prepare() {
  Run_& run = *run_;
  const Options& options = run.options;
  size_t largest = 0;
  for (const BlockSize& size : options.pattern.sizes) largest = std::max<size_t>(largest, size.bytes);
  if (options.kind == Kind::kWrite && options.read_share < 1) {
    run.payload = std::make_unique<Payload>(largest, options.compressible, options.seed);
  }
  const double rate = options.rate / static_cast<double>(run.targets.size());
  std::map<const void*, Submitter*> by_cluster;
  std::vector<std::unique_ptr<Submitter>> submitters;
  for (size_t i = 0; i < run.targets.size(); ++i) {
    const Target& target = run.targets[i];
    Submitter*& submitter = by_cluster[target.cluster];
    if (submitter == nullptr) {
      submitters.push_back(std::make_unique<Submitter>(options, run.control, rate));
      submitter = submitters.back().get();
    }
    uint64_t size = 0;
    const int r = Rbd().rbd_get_size(target.image, &size);
    if (r < 0) run.control.Fail(Error(r, "rbd_get_size", i));
    // lib/ has checked the size, but the image may have been cut since.
    if (r >= 0 && size < largest) run.control.Fail(Error(-EINVAL, "bench", i));
    if (r < 0 || size < largest) return;
    submitter->AddLane(target, i, size, run.payload.get());
  }
  series_ = Series(submitters.size());
  std::lock_guard<std::mutex> lock(run.mutex);
  run.submitters = std::move(submitters);
}

Error Engine::Watch(const Report& report, Result* result) {
  Run_& run = *run_;
  const auto outcome = [&run] {
    std::lock_guard<std::mutex> lock(run.control.mutex);
    if (run.control.error) return run.control.error;
    return run.control.cancelled ? Error(-ECANCELED, "bench") : Error();
  };
  run.control.start = Now() + run.options.warmup.count();
  run.control.end =
      run.options.runtime.count() == 0 ? INT64_MAX : run.control.start + run.options.runtime.count();
  if (run.options.bytes != 0) run.control.bytes_left = static_cast<int64_t>(run.options.bytes);
  Usage before = Usage::Now();
  bool measuring = run.options.warmup.count() == 0;
  try {
    for (const auto& submitter : run.submitters) {
      run.threads.emplace_back([shared = run_, submitter = submitter.get()] {
        submitter->Run();
        std::lock_guard<std::mutex> lock(shared->mutex);
        ++shared->ended;
        shared->last_end = Now();
        shared->wake.notify_all();
      });
    }
  } catch (const std::system_error&) {
    run.control.Fail(Error(-EAGAIN, "pthread_create"));
  }

  int64_t give_up = INT64_MAX;
  int64_t next_report = 0;
  last_progress_ = Now();
  std::unique_lock<std::mutex> lock(run.mutex);
  while (run.ended < run.threads.size()) {
    lock.unlock();
    const int64_t now = Now();
    if (!measuring && now >= run.control.start) {
      measuring = true;
      before = Usage::Now();
    }
    if (now >= next_report) {
      Collect();
      report(Take(now));
      next_report = now + kInterval;
    }
    if (run.control.stop && give_up == INT64_MAX) give_up = now + run.options.drain_for.count();
    lock.lock();
    if (now >= give_up) break;
    int64_t until = std::min(next_report, give_up);
    if (!measuring) until = std::min(until, run.control.start);
    run.wake.wait_until(lock, PointOf(until), [&] {
      return run.ended == run.threads.size() || (run.control.stop && give_up == INT64_MAX);
    });
  }
  const bool drained = run.ended == run.threads.size();
  const int64_t end = run.last_end;
  lock.unlock();
  const Usage after = Usage::Now();
  for (std::thread& thread : run.threads) drained ? thread.join() : thread.detach();
  run.threads.clear();
  if (Error error = outcome()) return error;

  Collect();
  result->seconds = Seconds(std::max<int64_t>(0, end - run.control.start));
  series_.Finish(result->seconds);
  result->ways = series_.totals();
  result->rows = series_.rows();
  result->usage = {after.user_seconds - before.user_seconds, after.system_seconds - before.system_seconds,
                   after.context_switches - before.context_switches};
  for (const auto& submitter : run.submitters) result->unstarted += submitter->unstarted();
  return {};
}

void Engine::Collect() {
  for (size_t i = 0; i < run_->submitters.size(); ++i) {
    int64_t now = 0;
    auto intervals = run_->submitters[i]->TakeIntervals(&now);
    series_.Add(i, std::move(intervals), now);
  }
}

Progress Engine::Take(int64_t now) {
  const Run_& run = *run_;
  Progress progress;
  uint64_t operations = 0;
  uint64_t bytes = 0;
  bool flushing = false;
  for (const auto& submitter : run.submitters) {
    operations += submitter->operations();
    bytes += submitter->bytes();
    progress.operations += submitter->measured_operations();
    progress.bytes += submitter->measured_bytes();
    flushing = flushing || submitter->phase() == Submitter::Phase::kFlush;
  }
  if (operations != last_operations_) last_progress_ = now;
  last_operations_ = operations;
  progress.stalled = now - last_progress_ > run.options.stalled_after.count();
  progress.phase = flushing ? Phase::kFlush : now < run.control.start ? Phase::kWarmup : Phase::kRun;
  progress.seconds = Seconds(std::max<int64_t>(0, now - run.control.start));
  progress.seconds_total = Seconds(run.options.runtime.count());
  samples_.push_back({Seconds(now), static_cast<double>(operations), static_cast<double>(bytes)});
  if (samples_.size() > kRateSamples) samples_.pop_front();
  const double span = samples_.back()[0] - samples_.front()[0];
  if (span > 0) {
    progress.iops = (samples_.back()[1] - samples_.front()[1]) / span;
    progress.bytes_per_second = (samples_.back()[2] - samples_.front()[2]) / span;
  }
  if (!series_.rows().empty()) progress.latency = series_.rows().back().all;
  return progress;
}

}  // namespace rbdkit::bench
