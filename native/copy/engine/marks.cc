// The engine writes down how far a copy is, for Destination::Resume(); one worker at a time does it.
#include "copy/engine/engine.h"

namespace rbdkit::copy {

namespace {

// A mark is due after so many bytes as well.
constexpr uint64_t kMarkBytes = uint64_t{1} << 30;

}  // namespace

// MarkIsDue() is called with the lock.
bool Engine::MarkIsDue() const {
  const uint64_t offset = watermark_.mark().offset;
  if (!keeps_marks_ || keeping_ || stopping() || offset == kept_) return false;
  return offset - kept_ >= kMarkBytes ||
         std::chrono::steady_clock::now() - kept_at_ >= options_.mark_interval;
}

// KeepMark() is called by one worker at a time, and the others go on. What is written after the mark was
// taken may be flushed too.
void Engine::KeepMark() {
  Mark mark;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    mark = watermark_.mark();
  }
  Error error = destination_.Flush();
  if (!error) error = destination_.Keep(mark);
  if (error) return Fail(At(Side::kDestination, std::move(error)));
  std::lock_guard<std::mutex> lock(mutex_);
  kept_ = mark.offset;
  kept_at_ = std::chrono::steady_clock::now();
}

}  // namespace rbdkit::copy
