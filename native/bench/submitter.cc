// A submitter's functions run on its own thread, but for TakeIntervals() and Control::Fail(), which any
// thread may call.
#include "bench/submitter.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace rbdkit::bench {

namespace {

constexpr int64_t kSecond = 1000000000;
// The longest sleep: how late a second of the series may be handed on when nothing completes.
constexpr int64_t kTick = kSecond / 10;

}  // namespace

void Control::Fail(Error first) {
  std::lock_guard<std::mutex> lock(mutex);
  // A cancelled run says so, whatever fails while it drains.
  if (!error && !cancelled) error = std::move(first);
  stop = true;
}

void Submitter::AddLane(const Target& target, size_t index, uint64_t image_size, const Payload* payload) {
  lanes_.push_back(std::make_unique<Lane>(options_, target, index, image_size, payload, &arrivals_));
}

void Submitter::Run() {
  pthread_setname_np(pthread_self(), "rbdkit-bench");
  // Operations begin to the microsecond, not up to 50 later as Linux lets other sleepers wake.
  if (rate_ > 0) prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  interval_ = std::make_unique<Interval>(0);
  interval_end_ = control_.start + kSecond;
  Begin();
  while (in_flight_ > 0 || admitting_) {
    const bool arrived = TakeArrivals(true);
    if (rate_ > 0) SubmitDue();
    if (arrived) continue;
    const int64_t now = Now();
    if (!Admit(now) && in_flight_ == 0) break;
    Rotate(now);
    arrivals_.Wait(Enough(), WaitUntil(now));
  }
  CountUnstarted();
  if (options_.read_share < 1 && !control_.stop) FlushAll();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    complete_.push_back(std::move(interval_));
    interval_now_ = Series::kEnded;
  }
  phase_ = Phase::kDone;
}

void Submitter::Begin() {
  if (rate_ > 0) {
    const int64_t now = Now();
    for (const auto& lane : lanes_) {
      lane->due = now;
      Schedule(*lane);
    }
    return;
  }
  // One an image in turn, so that the first image has no head start.
  for (uint32_t i = 0; i < options_.depth; ++i) {
    for (const auto& lane : lanes_) SubmitNext(*lane, 0);
  }
}

// Admit() tells whether another operation may begin. Once it says no, it always does.
bool Submitter::Admit(int64_t now) {
  if (control_.stop.load(std::memory_order_relaxed) || now >= control_.end) admitting_ = false;
  return admitting_;
}

// SubmitNext() begins the next operation of a lane that has a free one. Its latency counts from `due`, 0 for
// now.
void Submitter::SubmitNext(Lane& lane, int64_t due) {
  const int64_t now = Now();
  if (!Admit(now)) return;
  Operation* operation = lane.free();
  if (lane.flush_due) {
    SubmitFlush(lane);
    if (due == 0) return;  // a closed loop has only this place
    operation = lane.free();
    if (operation == nullptr) return;
  }
  lane.Choose(operation);
  if (options_.bytes != 0 && now >= control_.start &&
      control_.bytes_left.fetch_sub(operation->length, std::memory_order_relaxed) <= 0) {
    admitting_ = false;
    return;
  }
  operation->start = due == 0 ? now : due;
  Start(lane, operation);
  if (due != 0) lane.due += std::llround(lane.arrival_random().Exponential(kSecond / rate_));
}

void Submitter::SubmitFlush(Lane& lane) {
  Operation* operation = lane.free();
  lane.flush_due = false;
  operation->kind = Kind::kFlush;
  operation->length = 0;
  operation->start = Now();
  Start(lane, operation);
}

void Submitter::Start(Lane& lane, Operation* operation) {
  const Kind kind = operation->kind;
  ++in_flight_;
  const int r = lane.Submit(operation);
  if (r >= 0) return;
  --in_flight_;
  admitting_ = false;
  control_.Fail(Error(r, FunctionOf(kind), lane.index()));
}

void Submitter::Schedule(Lane& lane) {
  schedule_.emplace_back(lane.due, &lane);
  std::push_heap(schedule_.begin(), schedule_.end(), std::greater<>());
}

void Submitter::SubmitDue() {
  int64_t now = Now();
  while (admitting_ && !schedule_.empty() && schedule_.front().first <= now) {
    Lane& lane = *schedule_.front().second;
    std::pop_heap(schedule_.begin(), schedule_.end(), std::greater<>());
    schedule_.pop_back();
    SubmitNext(lane, lane.due);
    if (lane.free() != nullptr) Schedule(lane);
    now = Now();
  }
}

// TakeArrivals() returns whether there were any.
bool Submitter::TakeArrivals(bool refill) {
  Arrival* arrival = arrivals_.Take();
  if (arrival == nullptr) return false;
  while (arrival != nullptr) {
    auto& operation = *static_cast<Operation*>(arrival);
    arrival = arrival->next;
    Lane& lane = *operation.lane;
    const bool was_full = lane.free() == nullptr;
    Finish(operation);
    if (!refill || !admitting_) continue;
    if (rate_ == 0) {
      SubmitNext(lane, 0);
    } else if (was_full) {
      Schedule(lane);
    }
  }
  Publish();
  return true;
}

void Submitter::Finish(Operation& operation) {
  --in_flight_;
  ++counts_.operations;
  Lane& lane = *operation.lane;
  if (operation.result < 0) {
    admitting_ = false;
    control_.Fail(Error(static_cast<int>(operation.result), FunctionOf(operation.kind), lane.index()));
  } else {
    counts_.bytes += operation.length;
    if (operation.done >= control_.start) Record(operation);
    const bool whole = operation.result == static_cast<ssize_t>(operation.length);
    if (options_.verify && operation.kind == Kind::kRead && whole) {
      std::string wrong = lane.Check(operation);
      if (!wrong.empty()) {
        Error error(-EIO, FunctionOf(operation.kind), lane.index());
        error.message = std::move(wrong);
        error.verify = true;
        admitting_ = false;
        control_.Fail(std::move(error));
      }
    }
  }
  lane.Free(&operation);
}

void Submitter::Record(const Operation& operation) {
  if (operation.done >= interval_end_) Rotate(operation.done);
  Tally& tally = interval_->ways[WayOf(operation.kind)];
  // An operation of an open loop may be done a little before the clock of its start, on another processor.
  tally.latency.Add(static_cast<uint64_t>(std::max<int64_t>(0, operation.done - operation.start)));
  if (operation.kind == Kind::kFlush) return;
  tally.bytes += operation.length;
  ++counts_.measured_operations;
  counts_.measured_bytes += operation.length;
  // Only a read has a length for an answer.
  if (operation.kind == Kind::kRead && operation.result != static_cast<ssize_t>(operation.length)) {
    ++tally.short_ios;
    tally.bytes -= operation.length - static_cast<uint64_t>(operation.result);
  }
}

// Rotate() begins the interval that `now` is in, if another one is under way.
void Submitter::Rotate(int64_t now) {
  if (now < interval_end_) return;
  const int64_t index = (now - control_.start) / kSecond;
  interval_end_ = control_.start + (index + 1) * kSecond;
  auto next = std::make_unique<Interval>(index);
  std::swap(interval_, next);
  std::lock_guard<std::mutex> lock(mutex_);
  complete_.push_back(std::move(next));
  interval_now_ = index;
}

std::vector<std::unique_ptr<Interval>> Submitter::TakeIntervals(int64_t* now) {
  std::lock_guard<std::mutex> lock(mutex_);
  *now = interval_now_;
  return std::exchange(complete_, {});
}

// FlushAll() makes what was written safe. A run that fails or is cancelled promises nothing.
void Submitter::FlushAll() {
  phase_ = Phase::kFlush;
  for (const auto& lane : lanes_) SubmitFlush(*lane);
  while (in_flight_ > 0) {
    if (TakeArrivals(false)) continue;
    const int64_t now = Now();
    Rotate(now);
    arrivals_.Wait(1, now + kTick);
  }
}

int64_t Submitter::WaitUntil(int64_t now) const {
  int64_t until = now + kTick;
  if (!schedule_.empty()) until = std::min(until, schedule_.front().first);
  if (admitting_) until = std::min(until, control_.end);
  return until;
}

// Enough() tells how many completions are worth waking up for. In a closed loop each leaves a place free: to
// wait for a second one would save a tenth of the CPU and make the depth another than was asked for. In an
// open loop with free places they have their times already, and the next operation is not due.
uint32_t Submitter::Enough() const {
  const bool idle = rate_ > 0 && admitting_ && schedule_.size() == lanes_.size();
  return idle ? std::max<uint32_t>(1, options_.depth / 2) : 1;
}

void Submitter::Publish() {
  operations_.store(counts_.operations, std::memory_order_relaxed);
  bytes_.store(counts_.bytes, std::memory_order_relaxed);
  measured_operations_.store(counts_.measured_operations, std::memory_order_relaxed);
  measured_bytes_.store(counts_.measured_bytes, std::memory_order_relaxed);
}

// CountUnstarted() counts as many as the rate had brought by the end; drawing each would tell no more.
void Submitter::CountUnstarted() {
  if (rate_ == 0 || control_.end == INT64_MAX) return;
  for (const auto& lane : lanes_) {
    const int64_t late = control_.end - lane->due;
    if (late > 0) unstarted_ += 1 + static_cast<uint64_t>(static_cast<double>(late) / kSecond * rate_);
  }
}

}  // namespace rbdkit::bench
