// A Series is a run second by second, put together from what each submitting thread counted. The thread that
// watches the run uses it.
#ifndef RBDKIT_BENCH_SERIES_H_
#define RBDKIT_BENCH_SERIES_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "bench/histogram.h"
#include "bench/options.h"

namespace rbdkit::bench {

struct Tally {
  Histogram latency;  // nanoseconds
  uint64_t bytes = 0;
  uint64_t short_ios = 0;
  void Merge(const Tally& other);
};

// An Interval is one second of one thread.
struct Interval {
  explicit Interval(int64_t second) : index(second) {}
  const int64_t index;  // from the start of measuring
  std::array<Tally, kWays> ways;
};

struct Cell {
  uint64_t ios = 0;
  uint64_t bytes = 0;
  double mean = 0;
  uint64_t p50 = 0;
  uint64_t p99 = 0;
  uint64_t max = 0;
};

struct Row {
  double time = 0;     // seconds from the start of measuring to the row's end
  double seconds = 0;  // that the row is long
  std::array<Cell, kWays> ways;
  Cell all;  // reads, writes and trims together
};

// One thread at a time.
class Series {
 public:
  explicit Series(size_t threads) : passed_(threads, 0) {}

  // kEnded stands instead of a second when the thread has ended.
  static constexpr int64_t kEnded = INT64_MAX;

  // Add() takes what thread number `thread` counted. The thread is in second `now` at present, and will not
  // add to earlier ones.
  void Add(size_t thread, std::vector<std::unique_ptr<Interval>> intervals, int64_t now);
  // Finish() says that all threads have ended, `seconds` after the start of measuring.
  void Finish(double seconds);

  const std::vector<Row>& rows() const { return rows_; }
  const std::array<Tally, kWays>& totals() const { return totals_; }

 private:
  void Close(int64_t index, double seconds, bool add_row);

  std::vector<int64_t> passed_;
  std::map<int64_t, std::unique_ptr<Interval>> open_;
  int64_t next_ = 0;
  std::vector<Row> rows_;
  std::array<Tally, kWays> totals_;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_SERIES_H_
