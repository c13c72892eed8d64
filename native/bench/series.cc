// A Series closes a second when every thread has passed it.
#include "bench/series.h"

#include <algorithm>
#include <utility>

namespace rbdkit::bench {

namespace {

// A last part of a second that is shorter says nothing about a second.
constexpr double kShortestRow = 0.5;

Cell Summarise(const Tally& tally) {
  const Histogram& latency = tally.latency;
  if (latency.count() == 0) return {};
  const auto percentiles = latency.Percentiles({50, 99});
  return {latency.count(), tally.bytes, latency.mean(), percentiles[0], percentiles[1], latency.max()};
}

}  // namespace

void Tally::Merge(const Tally& other) {
  latency.Merge(other.latency);
  bytes += other.bytes;
  short_ios += other.short_ios;
}

void Series::Add(size_t thread, std::vector<std::unique_ptr<Interval>> intervals, int64_t now) {
  for (auto& interval : intervals) {
    auto& open = open_[interval->index];
    if (!open) {
      open = std::move(interval);
    } else {
      for (size_t way = 0; way < kWays; ++way) open->ways[way].Merge(interval->ways[way]);
    }
  }
  passed_[thread] = now;
  const int64_t all = *std::min_element(passed_.begin(), passed_.end());
  if (all == kEnded) return;  // Finish() knows how long the last second was
  while (next_ < all) Close(next_, 1, true);
}

void Series::Finish(double seconds) {
  while (static_cast<double>(next_ + 1) <= seconds) Close(next_, 1, true);
  const double rest = seconds - static_cast<double>(next_);
  Close(next_, rest, rest >= kShortestRow || rows_.empty());
  while (!open_.empty()) Close(open_.begin()->first, 0, false);
}

void Series::Close(int64_t index, double seconds, bool add_row) {
  next_ = index + 1;
  Row row;
  row.time = static_cast<double>(index) + seconds;
  row.seconds = seconds;
  const auto found = open_.find(index);
  if (found != open_.end()) {
    Tally all;
    for (size_t way = 0; way < kWays; ++way) {
      const Tally& tally = found->second->ways[way];
      row.ways[way] = Summarise(tally);
      totals_[way].Merge(tally);
      if (way != kWaySync) all.Merge(tally);
    }
    row.all = Summarise(all);
    open_.erase(found);
  }
  if (add_row) rows_.push_back(row);
}

}  // namespace rbdkit::bench
