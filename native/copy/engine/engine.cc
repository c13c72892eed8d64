// This file transfers one layer: Work() runs on the engine's threads, "rbdkit-copy", and the rest of Run() on
// the thread that calls it.
#include "copy/engine/engine.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "copy/engine/workers.h"

namespace rbdkit::copy {

namespace {

// So many workers are enough for file calls that block; image endpoints need one or two.
constexpr int kWorkers = 4;

// One part in this many of the memory is not for buffers: malloc keeps about so much of what librbd gave
// back.
constexpr size_t kReserve = 4;

// When nothing has arrived for so long, the destination is asked to reap.
constexpr std::chrono::milliseconds kReapInterval{500};

}  // namespace

Error Engine::Run(Meter::Report report, Result* result) {
  const auto start = std::chrono::steady_clock::now();
  Error error = Metered(std::move(report), options_.stalled_after, [this](Meter& meter) {
    meter_ = &meter;
    return Copy();
  });
  meter_ = nullptr;
  if (error) {
    // What the user must hear of is the first error; these only clean up.
    source_.Close();
    destination_.Abandon();
    return error;
  }
  result->bytes = source_.size();
  result->bytes_covered = watermark_.mark().durable();
  result->bytes_resumed = resumed_.durable() + bytes_found_;
  result->bytes_read = bytes_read_;
  result->bytes_written = bytes_written_;
  result->objects_moved = watermark_.mark().objects_moved;
  result->bytes_moved = watermark_.mark().bytes_moved;
  const std::optional<uint32_t> crc32c = verifier_ == nullptr ? std::nullopt : verifier_->crc32c();
  result->crc32c = crc32c.value_or(Crc32cCombine(watermark_.mark().crc, source_.size()));
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {};
}

void Engine::Cancel() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    cancelled_ = true;
    stop_ = true;
    wake_.notify_all();
    paced_.notify_all();
  }
  source_.Interrupt();
  destination_.Interrupt();
  if (verifier_ != nullptr) verifier_->Wake();
  if (offload_ != nullptr) offload_->Wake();
}

Error Engine::Transfer() {
  const uint64_t needed = source_.size() / kUnitSize + 1;
  const size_t allowed = (options_.max_memory - options_.max_memory / kReserve) / kUnitSize;
  const size_t count = std::min<uint64_t>(needed, allowed);
  BufferPool pool(kUnitSize, count);
  for (size_t i = 0; i < count; ++i) {
    units_.push_back(std::make_unique<Unit>(*this, pool.Take()));
    idle_.push_back(units_.back().get());
  }
  const uint64_t begin = watermark_.mark().offset;
  plan_ = std::make_unique<Plan>(source_, destination_, begin, stop_,
                                 offloads() ? &offload_->moved() : nullptr, *meter_);
  planned_ = false;
  window_ = Window(count);
  turn_ = 0;
  kept_ = begin;
  kept_at_ = std::chrono::steady_clock::now();
  RunWorkers(kWorkers, [this] { Work(); });
  if (destination_.lost()) pool.Leave();
  idle_.clear();
  units_.clear();
  plan_.reset();
  std::lock_guard<std::mutex> lock(mutex_);
  if (error_) return std::move(error_);
  return cancelled_ ? Error::Coded(kCancelled, "copy", "cancelled") : Error();
}

void Engine::Work() {
  pthread_setname_np(pthread_self(), "rbdkit-copy");
  Sifter sifter;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (arrived_ != nullptr) {
      // What is under way is finished first, which frees buffers.
      Unit& unit = *arrived_;
      arrived_ = unit.next;
      lock.unlock();
      Advance(unit, sifter);
      lock.lock();
    } else if (Unit* parked = TakeParked()) {
      lock.unlock();
      Write(*parked);
      lock.lock();
    } else if (MarkIsDue()) {
      keeping_ = true;
      lock.unlock();
      KeepMark();
      lock.lock();
      keeping_ = false;
    } else if (!planning_ && !planned_ && !stopping() && under_way_ < window_.limit()) {
      Unit& unit = *idle_.back();
      idle_.pop_back();
      planning_ = true;
      ++under_way_;
      lock.unlock();
      const bool found = NextSpan(unit);
      lock.lock();
      if (found) WaitForPace(lock, unit);
      planning_ = false;
      planned_ = !found;
      wake_.notify_all();
      lock.unlock();
      if (found) {
        Read(unit);
      } else {
        Release(unit, false);
      }
      lock.lock();
    } else if (under_way_ == 0 && (planned_ || stopping())) {
      wake_.notify_all();
      return;
    } else if (wake_.wait_for(lock, kReapInterval) == std::cv_status::timeout && under_way_ > 0) {
      lock.unlock();
      destination_.Reap();
      lock.lock();
    }
  }
}

// WaitForPace() is called with the lock, by the worker that has planned what comes next.
void Engine::WaitForPace(std::unique_lock<std::mutex>& lock, const Unit& unit) {
  while (!stopping() && pace_.next() > Pace::Clock::now()) {
    // Only the limit is waited for: that is no stall.
    if (under_way_ == 1) meter_->Rest(pace_.next());
    paced_.wait_until(lock, pace_.next());
  }
  for (const Part& part : unit.span.parts) {
    if (part.data) pace_.Charge(part.length, 1, Pace::Clock::now());
  }
}

// NextSpan() returns false when there is no span, or an error ended the transfer.
bool Engine::NextSpan(Unit& unit) {
  bool found = false;
  if (Error error = plan_->Next(unit.slab, &unit.span, &found)) {
    Fail(At(Side::kSource, std::move(error)));
    return false;
  }
  meter_->Touch();
  if (!found || stopping()) return false;
  if (unknown_size_) {
    if (Error error = MakeRoom(unit.span.offset + unit.span.length)) {
      Fail(At(Side::kDestination, std::move(error)));
      return false;
    }
  }
  return true;
}

// MakeRoom() grows the destination in steps, because each is a change of the image's header. A step is a
// quarter too much at most, because what is too much is looked through when it is cut off.
Error Engine::MakeRoom(uint64_t end) {
  if (end <= room_) return {};
  room_ = std::max(end, room_ + std::max(kFirstRoom, room_ / 4));
  return destination_.Resize(room_);
}

void Engine::Read(Unit& unit) {
  unit.written = false;
  unit.result = 0;
  unit.bytes_read = 0;
  size_t reads = 0;
  uint64_t bytes = 0;
  for (const Part& part : unit.span.parts) {
    reads += part.data;
    bytes += part.data ? part.length : 0;
  }
  std::unique_lock<std::mutex> lock(mutex_);
  if (source_.sequential()) {
    unit.bytes_read = bytes;
    reads = 0;
  }
  unit.pending = reads;
  if (reads == 0) return Queue(unit);
  lock.unlock();
  // After the last read has been started the unit may be another worker's.
  for (const Part* part = unit.span.parts.data(); reads > 0; ++part) {
    if (!part->data) continue;
    --reads;
    source_.Read(part->offset, part->length, unit.span.At(unit.buffer(), *part), &unit.read);
  }
}

// Arrive() is called from any thread, librbd's among them. It only queues, and allocates nothing.
void Engine::Arrive(Unit& unit, bool read, int64_t result) {
  std::lock_guard<std::mutex> lock(mutex_);
  meter_->Touch();
  if (result < 0) {
    if (unit.result == 0) unit.result = result;
  } else if (read) {
    unit.bytes_read += static_cast<uint64_t>(result);
  }
  if (--unit.pending > 0) return;
  unit.written = !read;
  Queue(unit);
}

// Queue() is called with the lock.
void Engine::Queue(Unit& unit) {
  unit.next = nullptr;
  (arrived_ == nullptr ? arrived_ : last_arrived_->next) = &unit;
  last_arrived_ = &unit;
  wake_.notify_one();
}

void Engine::Advance(Unit& unit, Sifter& sifter) {
  if (unit.written) {
    if (unit.result < 0) {
      Fail(At(Side::kDestination, destination_.WriteError(unit.result)));
      return Release(unit, false);
    }
    for (const Part& part : unit.writes) bytes_written_ += part.data ? part.length : 0;
    return Release(unit, true);
  }
  uint64_t expected = 0;
  for (const Part& part : unit.span.parts) expected += part.data ? part.length : 0;
  if (unit.result < 0 || unit.bytes_read != expected) {
    Fail(At(Side::kSource,
            source_.ReadError(unit.result < 0 ? unit.result : static_cast<int64_t>(unit.bytes_read))));
  }
  if (stopping()) return Release(unit, false);
  bytes_read_ += expected;
  sifter.Sift(unit.span, unit.buffer(), destination_.smallest_hole(), destination_.needs_zeros(),
              &unit.writes);
  if (verifier_ != nullptr) {
    for (const Part& part : unit.writes) {
      if (part.data) verifier_->Written(part.offset, unit.span.At(unit.buffer(), part), part.length);
    }
  }
  if (options_.checksum) unit.crc = DigestSpan(unit.span, unit.buffer(), unit.writes);
  if (!destination_.ordered()) return Write(unit);
  std::lock_guard<std::mutex> lock(mutex_);
  parked_.push_back(&unit);
  wake_.notify_one();
}

// TakeParked() is called with the lock. It gives the unit whose turn it is, unless one is being written.
Engine::Unit* Engine::TakeParked() {
  const auto next = std::find_if(parked_.begin(), parked_.end(), [this](const Unit* unit) {
    return stopping() || (!taking_turn_ && unit->span.sequence == turn_);
  });
  if (next == parked_.end()) return nullptr;
  Unit* const unit = *next;
  parked_.erase(next);
  taking_turn_ = true;
  return unit;
}

// The unit belongs to whoever takes it from arrived_ as soon as the last operation has completed, which may
// be before the call that starts it returns: nothing of it is used after that.
void Engine::Write(Unit& unit) {
  const size_t count = unit.writes.size();
  if (stopping() || count == 0) return Release(unit, !stopping());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    unit.result = 0;
    unit.pending = count;
    pace_.Charge(0, count, Pace::Clock::now());
  }
  const Part* parts = unit.writes.data();
  for (size_t i = 0; i < count; ++i) {
    const Part& part = parts[i];
    if (part.data) {
      destination_.Write(part.offset, part.length, unit.span.At(unit.buffer(), part), &unit.write);
    } else {
      destination_.Zero(part.offset, part.length, &unit.write);
    }
  }
}

// With `done` the unit's bytes are where they belong. Else the copy ends.
void Engine::Release(Unit& unit, bool done) {
  if (done) meter_->Add(unit.span.length);
  memory_.Look();
  std::lock_guard<std::mutex> lock(mutex_);
  if (done) {
    uint64_t written = 0;
    for (const Part& part : unit.writes) written += part.data ? part.length : 0;
    watermark_.Retire(unit.span, unit.crc, unit.bytes_read, written);
    window_.Done(unit.bytes_read, Window::Clock::now());
    if (unit.span.sequence == turn_ && taking_turn_) {
      ++turn_;
      taking_turn_ = false;
    }
  }
  --under_way_;
  idle_.push_back(&unit);
  wake_.notify_all();
  paced_.notify_all();
}

void Engine::Fail(Error error) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    // A cancelled copy says so, whatever fails while it drains.
    if (!error_ && !cancelled_) error_ = std::move(error);
    stop_ = true;
    wake_.notify_all();
    paced_.notify_all();
  }
  source_.Interrupt();
  destination_.Interrupt();
}

}  // namespace rbdkit::copy
