#include "copy/engine.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "copy/crc32c.h"

namespace rbdkit::copy {

namespace {

// Enough for file calls that block; image endpoints need one or two.
constexpr int kWorkers = 4;

// A part of this size of the memory is not for buffers: malloc keeps about so much of what librbd gave back.
constexpr size_t kReserve = 4;

Error At(Side side, Error error) {
  error.side = side;
  if (error.result == -ESHUTDOWN && error.code.empty()) {
    error.code = kFenced;
    error.message = "Ceph has blocklisted this client";
  }
  return error;
}

Error Cancelled() { return Error::Coded(kCancelled, "copy", "cancelled"); }

}  // namespace

Error Engine::Run(Meter::Report report, Result* result) {
  const auto start = std::chrono::steady_clock::now();
  Error error;
  try {
    Meter meter(std::move(report), options_.stalled_after);
    meter_ = &meter;
    error = Copy();
    meter.Stop();
    if (!error) meter.Finish();
  } catch (const std::bad_alloc&) {
    error = Error(-ENOMEM, "mmap");
  } catch (const std::system_error&) {
    error = Error(-EAGAIN, "pthread_create");
  }
  meter_ = nullptr;
  if (error) {
    // What the user must hear of is the first error; these only clean up.
    source_.Close();
    destination_.Abandon();
    return error;
  }
  result->bytes = source_.size();
  result->bytes_resumed = resumed_.offset;
  result->bytes_read = bytes_read_;
  result->bytes_written = bytes_written_;
  result->crc32c = Crc32cCombine(crc_parts_, source_.size());
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {};
}

void Engine::Cancel() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    cancelled_ = true;
    stop_ = true;
    wake_.notify_all();
  }
  destination_.Interrupt();
}

Error Engine::Copy() {
  if (stopping()) return Cancelled();
  if (Error error = source_.Open()) return At(Side::kSource, std::move(error));
  meter_->SetTotal(source_.size());
  if (stopping()) return Cancelled();
  if (Error error = destination_.Resume(source_.identity(), source_.size(), &resumed_)) {
    return At(Side::kDestination, std::move(error));
  }
  if (stopping()) return Cancelled();
  if (Error error = destination_.Prepare(source_.size(), source_.layout())) {
    return At(Side::kDestination, std::move(error));
  }
  meter_->Add(resumed_.offset);
  if (!resumed_.confirmed) {
    if (Error error = Fill()) return error;
  }
  if (Error error = source_.Close()) return At(Side::kSource, std::move(error));
  if (stopping()) return Cancelled();
  meter_->Enter(Phase::kPublish);
  if (Error error = destination_.Publish()) return At(Side::kDestination, std::move(error));
  return {};
}

// The order is what makes a copy safe: durable, then confirmed, then named.
Error Engine::Fill() {
  position_ = resumed_.offset;
  crc_parts_ = resumed_.crc;
  meter_->Enter(Phase::kCopy);
  if (Error error = Transfer()) return error;
  meter_->Enter(Phase::kFlush);
  if (Error error = destination_.Flush()) return At(Side::kDestination, std::move(error));
  if (Error error = source_.Confirm()) return At(Side::kSource, std::move(error));
  if (stopping()) return Cancelled();
  Mark mark;
  mark.offset = source_.size();
  mark.bytes_read = bytes_read_;
  mark.bytes_written = bytes_written_;
  mark.crc = crc_parts_;
  mark.confirmed = true;
  if (Error error = destination_.Keep(mark)) return At(Side::kDestination, std::move(error));
  return {};
}

Error Engine::Transfer() {
  const uint64_t needed = (source_.size() + kUnitSize - 1) / kUnitSize;
  const size_t allowed = (options_.max_memory - options_.max_memory / kReserve) / kUnitSize;
  const size_t count = std::min<uint64_t>(std::max<uint64_t>(needed, 1), allowed);
  BufferPool pool(kUnitSize, count);
  for (size_t i = 0; i < count; ++i) {
    units_.push_back(std::make_unique<Unit>(*this, pool.Take()));
    idle_.push_back(units_.back().get());
  }
  std::vector<std::thread> workers;
  try {
    for (int i = 0; i < kWorkers; ++i) workers.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {
    if (workers.empty()) throw;  // fewer are enough
  }
  for (std::thread& worker : workers) worker.join();
  idle_.clear();
  units_.clear();
  std::lock_guard<std::mutex> lock(mutex_);
  if (error_) return std::move(error_);
  return cancelled_ ? Cancelled() : Error();
}

void Engine::Work() {
  pthread_setname_np(pthread_self(), "rbdkit-copy");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (arrived_ != nullptr) {
      // First finish what is under way: it frees buffers.
      Unit& unit = *arrived_;
      arrived_ = unit.next;
      lock.unlock();
      Advance(unit);
      lock.lock();
    } else if (!planning_ && !planned_ && !stopping() && !idle_.empty()) {
      Unit& unit = *idle_.back();
      idle_.pop_back();
      planning_ = true;
      ++under_way_;
      lock.unlock();
      const bool found = Plan(unit);
      lock.lock();
      planning_ = false;
      wake_.notify_all();
      if (found) {
        lock.unlock();
        source_.Read(unit.offset, unit.length, unit.buffer, &unit.read);
        lock.lock();
      } else {
        planned_ = true;
        --under_way_;
        idle_.push_back(&unit);
      }
    } else if (under_way_ == 0 && (planned_ || stopping())) {
      wake_.notify_all();
      return;
    } else {
      wake_.wait(lock);
    }
  }
}

// Sets `unit` to the next span of data. False: there is none, or an error ended the transfer.
bool Engine::Plan(Unit& unit) {
  bool found = false;
  if (Error error = PlanSpan(unit, &found)) {
    Fail(At(Side::kSource, std::move(error)));
    return false;
  }
  if (!found) return false;
  unit.buffer = unit.slab + unit.offset % kGrain;
  unit.written = false;
  unit.write_result = 0;
  return true;
}

// A span goes from the first to the last data of an aligned unit: the holes between are read as zeros, which
// is cheaper than many small reads, and found again as zeros.
Error Engine::PlanSpan(Unit& unit, bool* found) {
  const uint64_t size = source_.size();
  const uint64_t start = position_;
  uint64_t limit = size;
  uint64_t end = 0;
  while (position_ < limit && !stopping()) {
    if (extent_.end() <= position_) {
      if (Error error = source_.Next(position_, &extent_)) return error;
    }
    const uint64_t extent_end = std::min(extent_.end(), limit);
    if (extent_.data && !*found) {
      *found = true;
      unit.offset = position_;
      limit = std::min(size, (position_ / kUnitSize + 1) * kUnitSize);
    }
    position_ = std::min(extent_end, limit);
    if (extent_.data) end = position_;
  }
  unit.length = *found ? end - unit.offset : 0;
  meter_->Add(position_ - start - unit.length);
  return {};
}

// From any thread, librbd's among them: only queues, and allocates nothing.
void Engine::Arrive(Unit& unit, bool read, int64_t result) {
  std::lock_guard<std::mutex> lock(mutex_);
  meter_->Touch();
  if (read) {
    unit.read_result = result;
  } else {
    if (result < 0 && unit.write_result == 0) unit.write_result = result;
    if (--unit.writing > 0) return;
    unit.written = true;
  }
  unit.next = nullptr;
  (arrived_ == nullptr ? arrived_ : last_arrived_->next) = &unit;
  last_arrived_ = &unit;
  wake_.notify_one();
}

void Engine::Advance(Unit& unit) {
  if (!unit.written) {
    if (unit.read_result != static_cast<int64_t>(unit.length)) {
      Fail(At(Side::kSource, source_.ReadError(unit.read_result)));
    } else if (!stopping()) {
      bytes_read_ += unit.length;
      FindData(unit.buffer, unit.length, unit.offset, destination_.smallest_hole(), &unit.pieces);
      if (!unit.pieces.empty()) {
        Digest(unit);
        StartWrites(unit);
        return;
      }
      meter_->Add(unit.length);
    }
  } else if (unit.write_result < 0) {
    Fail(At(Side::kDestination, destination_.WriteError(unit.write_result)));
  } else {
    for (const Piece& piece : unit.pieces) bytes_written_ += piece.length;
    meter_->Add(unit.length);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  --under_way_;
  idle_.push_back(&unit);
  wake_.notify_all();
}

// The unit belongs to whoever takes it from arrived_ as soon as the last write has completed, which may be
// before the last Write() returns: nothing of it is used after that.
void Engine::StartWrites(Unit& unit) {
  const size_t count = unit.pieces.size();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    unit.writing = count;
  }
  const Piece* run = unit.pieces.data();
  for (size_t i = 0; i < count; ++i) {
    const Piece& next = run[i];
    destination_.Write(unit.offset + next.offset, next.length, unit.buffer + next.offset, &unit.write);
  }
}

void Engine::Digest(const Unit& unit) {
  uint32_t parts = 0;
  for (const Piece& piece : unit.pieces) {
    const uint64_t after = source_.size() - (unit.offset + piece.offset + piece.length);
    parts ^= Crc32cZeros(Crc32cUpdate(0, unit.buffer + piece.offset, piece.length), after);
  }
  crc_parts_ ^= parts;
}

void Engine::Fail(Error error) {
  std::lock_guard<std::mutex> lock(mutex_);
  // A cancelled copy says so, whatever fails while it drains.
  if (!error_ && !cancelled_) error_ = std::move(error);
  stop_ = true;
  wake_.notify_all();
}

}  // namespace rbdkit::copy
