// Work() runs on the sweep's own threads, "rbdkit-compare".
#include "copy/verify/sweep.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "copy/engine/engine.h"
#include "copy/engine/workers.h"

namespace rbdkit::copy {

namespace {

// There are as many workers as the engine has.
constexpr int kWorkers = 4;
constexpr size_t kReserve = 4;

// A unit has no more pieces than this, because what is found in it is bounded by its grains.
constexpr size_t kMostFound = kUnitSize / kGrain / 2 + 1;

}  // namespace

Error Sweep::Run(const std::vector<Swept>& sides, Visitor& visitor, Meter& meter,
                 const std::atomic<bool>& stop) {
  visitor_ = &visitor;
  meter_ = &meter;
  stop_ = &stop;
  failed_ = false;
  planned_ = false;
  cursors_.clear();
  position_ = 0;
  size_ = 0;
  common_ = UINT64_MAX;
  for (const Swept& side : sides) {
    cursors_.push_back({side, 0, {}, 0});
    common_ = std::min(common_, side.source->size());
    size_ = std::max(size_, side.source->size());
  }
  const size_t slabs = (max_memory_ - max_memory_ / kReserve) / kUnitSize;
  const uint64_t needed = size_ / kUnitSize + 1;
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(needed, std::max<size_t>(1, slabs / cursors_.size())));
  BufferPool pool(kUnitSize, count * cursors_.size());
  ring_.resize(count);
  for (Unit& unit : ring_) {
    unit.found.reserve(kMostFound);
    for (size_t side = 0; side < cursors_.size(); ++side) {
      unit.slabs[side] = pool.Take();
      unit.arrivals[side].sweep = this;
      unit.arrivals[side].unit = &unit;
      unit.arrivals[side].side = side;
    }
  }
  RunWorkers(kWorkers, [this] { Work(); });
  ring_.clear();
  std::lock_guard<std::mutex> lock(mutex_);
  return std::move(error_);
}

void Sweep::Wake() {
  std::lock_guard<std::mutex> lock(mutex_);
  wake_.notify_all();
  paced_.notify_all();
}

void Sweep::Work() {
  pthread_setname_np(pthread_self(), "rbdkit-compare");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (arrived_ != nullptr) {
      Unit& unit = *arrived_;
      arrived_ = unit.next;
      lock.unlock();
      Look(unit);
      memory_.Look();
      lock.lock();
      unit.looked = true;
      Retire();
    } else if (!planning_ && !planned_ && !stopping() && started_ - retired_ < ring_.size()) {
      Unit& unit = ring_[started_ % ring_.size()];
      planning_ = true;
      lock.unlock();
      const bool found = Plan(unit);
      lock.lock();
      if (found) WaitForPace(lock);
      planning_ = false;
      planned_ = !found;
      wake_.notify_all();
      if (!found) continue;
      ++started_;
      unit.looked = false;
      unit.reading = 0;
      for (const char* bytes : unit.span.bytes) unit.reading += bytes != nullptr ? 1 : 0;
      pace_.Charge(unit.reading * unit.span.length, unit.reading, Pace::Clock::now());
      lock.unlock();
      Read(unit);
      lock.lock();
    } else if (started_ == retired_ && (planned_ || stopping())) {
      wake_.notify_all();
      return;
    } else {
      wake_.wait(lock);
    }
  }
}

// WaitForPace() is called with the lock, by the worker that has planned what comes next.
void Sweep::WaitForPace(std::unique_lock<std::mutex>& lock) {
  while (!stopping() && pace_.next() > Pace::Clock::now()) {
    // Only the limit is waited for: that is no stall.
    if (started_ == retired_) meter_->Rest(pace_.next());
    paced_.wait_until(lock, pace_.next());
  }
}

bool Sweep::Plan(Unit& unit) {
  const uint64_t start = position_;
  uint64_t first = size_;
  for (size_t side = 0; side < cursors_.size(); ++side) {
    if (!Seek(side, position_)) return false;
    const Extent& data = cursors_[side].extent;
    if (data.length > 0) first = std::min(first, std::max(position_, data.offset));
  }
  if (first >= size_) {
    meter_->Add(size_ - start);
    return false;
  }
  // No span goes across the shorter source's end, so that all that is read of a span is equally long.
  const uint64_t limit = std::min((first / kUnitSize + 1) * kUnitSize, first < common_ ? common_ : size_);
  first = std::max(position_, first - first % kGrain);
  uint64_t last = first;
  std::array<bool, kMaxSwept> reads{};
  for (size_t side = 0; side < cursors_.size(); ++side) {
    const Extent& data = cursors_[side].extent;
    for (uint64_t at = first; at < limit; last = std::max(last, at)) {
      if (!Seek(side, at)) return false;
      if (data.length == 0 || data.offset >= limit) break;
      reads[side] = true;
      at = std::min(data.end(), limit);
    }
  }
  last = std::min(limit, (last + kGrain - 1) / kGrain * kGrain);
  unit.span = {first, static_cast<size_t>(last - first), {}};
  for (size_t side = 0; side < cursors_.size(); ++side) {
    if (reads[side]) unit.span.bytes[side] = unit.slabs[side] + first % kGrain;
  }
  if (Error error = visitor_->Planned(unit.span)) {
    Fail(std::move(error));
    return false;
  }
  position_ = limit;
  meter_->Add(position_ - start - unit.span.length);
  return true;
}

// Seek() sets the source's extent to its first data that ends after `from`, or to nothing. False: the sweep
// ends.
bool Sweep::Seek(size_t side, uint64_t from) {
  Cursor& cursor = cursors_[side];
  Source& source = *cursor.swept.source;
  const uint64_t size = source.size();
  while (cursor.extent.end() <= from) {
    if (stopping()) return false;
    cursor.next = std::max(cursor.next, from);
    cursor.extent = {};
    if (cursor.next >= size) return true;
    Extent extent;
    if (Error error = source.Next(cursor.next, &extent)) {
      Fail(At(cursor.swept.side, std::move(error)));
      return false;
    }
    meter_->Touch();
    cursor.next = extent.end();
    extent.length = std::min(extent.length, size - extent.offset);
    if (extent.content == Content::kData) cursor.extent = extent;
  }
  return true;
}

void Sweep::Read(Unit& unit) {
  // After the last read has been started the unit may be another worker's.
  const SweptSpan span = unit.span;
  const std::array<char*, kMaxSwept> slabs = unit.slabs;
  size_t left = 0;
  for (const char* bytes : span.bytes) left += bytes != nullptr ? 1 : 0;
  for (size_t side = 0; left > 0; ++side) {
    if (span.bytes[side] == nullptr) continue;
    --left;
    cursors_[side].swept.source->Read(span.offset, span.length, slabs[side] + span.offset % kGrain,
                                      &unit.arrivals[side]);
  }
}

// Arrive() is called from any thread, librbd's among them. It only queues, and allocates nothing.
void Sweep::Arrive(Unit& unit, size_t side, int64_t result) {
  std::lock_guard<std::mutex> lock(mutex_);
  meter_->Touch();
  unit.results[side] = result;
  if (result > 0) cursors_[side].bytes_read += static_cast<uint64_t>(result);
  if (--unit.reading > 0) return;
  unit.next = arrived_;
  arrived_ = &unit;
  wake_.notify_one();
}

void Sweep::Look(Unit& unit) {
  unit.found.clear();
  const SweptSpan& span = unit.span;
  for (size_t side = 0; side < cursors_.size(); ++side) {
    const int64_t result = unit.results[side];
    if (span.bytes[side] == nullptr || result == static_cast<int64_t>(span.length)) continue;
    const Swept& swept = cursors_[side].swept;
    Fail(At(swept.side, swept.source->ReadError(result)));
  }
  if (!stopping()) visitor_->Look(span, &unit.found);
}

// Retire() is called with the lock. It gives back the units whose turn it is.
void Sweep::Retire() {
  for (; retired_ < started_ && ring_[retired_ % ring_.size()].looked; ++retired_) {
    const Unit& unit = ring_[retired_ % ring_.size()];
    if (stopping()) continue;
    visitor_->Note(unit.span, unit.found);
    meter_->Add(unit.span.length);
  }
  wake_.notify_all();
  paced_.notify_all();
}

void Sweep::Fail(Error error) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!failed_.exchange(true)) error_ = std::move(error);
  wake_.notify_all();
  paced_.notify_all();
}

}  // namespace rbdkit::copy
