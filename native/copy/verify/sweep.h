// A Sweep reads one or two sources from beginning to end, together, for what looks at content and writes
// nothing. Run() blocks the job's thread; worker threads, "rbdkit-compare", plan, read and look.
#ifndef RBDKIT_COPY_VERIFY_SWEEP_H_
#define RBDKIT_COPY_VERIFY_SWEEP_H_

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "copy/endpoint.h"
#include "copy/engine/meter.h"
#include "copy/engine/span.h"
#include "disk/buffer_pool.h"
#include "disk/memory_watch.h"
#include "disk/pace.h"
#include "disk/sparse.h"

namespace rbdkit::copy {

inline constexpr size_t kMaxSwept = 2;

// A SweptSpan is the same part of the sources. It is no larger than a unit, and whole grains but at a
// source's end.
struct SweptSpan {
  uint64_t offset = 0;
  size_t length = 0;
  // `bytes` are each source's. nullptr: the source has no data there, so zeros, or it has ended.
  std::array<const char*, kMaxSwept> bytes{};
};

// A Visitor says what is done with the content.
class Visitor {
 public:
  // Look() is called where at least one source has data, from several threads at once. What it puts into
  // `found`, in the span's order, comes back to Note().
  virtual void Look(const SweptSpan& span, std::vector<Piece>* found) = 0;
  // Planned() is called before a span is read, in the sources' order, one at a time. It may block. An error,
  // which says its side, ends the sweep.
  virtual Error Planned(const SweptSpan& /*span*/) { return {}; }
  // Note() gets spans in the sources' order, one at a time.
  virtual void Note(const SweptSpan& /*span*/, const std::vector<Piece>& /*found*/) {}

 protected:
  ~Visitor() = default;
};

// A Sweep's worker threads take turns, as the engine's do. Units are numbered and given back in order, so
// that what waits for an earlier one is bounded too.
class Sweep {
 public:
  // The sources that are Swept are open, not sequential, and outlive the sweep. `side` says whom an error is
  // about.
  struct Swept {
    Source* source;
    Side side;
  };

  // `max_memory` is as Options::max_memory.
  Sweep(size_t max_memory, Limits limits) : max_memory_(max_memory), pace_(limits) {}

  // Run() blocks, once at a time. `stop` ends it early, without an error; whoever sets it calls Wake(). When
  // it returns nothing is in flight.
  Error Run(const std::vector<Swept>& sides, Visitor& visitor, Meter& meter, const std::atomic<bool>& stop);
  // Wake() may be called by any thread, any time before, while or after Run().
  void Wake();

  // bytes_read() is that of one source in the last Run(); after it.
  uint64_t bytes_read(size_t side) const { return cursors_[side].bytes_read; }

 private:
  struct Unit;
  class Arrival final : public Operation {
   public:
    void Complete(int64_t result) override { sweep->Arrive(*unit, side, result); }
    Sweep* sweep = nullptr;
    Unit* unit = nullptr;
    size_t side = 0;
  };
  struct Unit {
    Unit* next = nullptr;  // in arrived_
    SweptSpan span;
    bool looked = false;  // guarded by mutex_
    size_t reading = 0;   // guarded by mutex_
    std::vector<Piece> found;
    std::array<char*, kMaxSwept> slabs{};
    std::array<int64_t, kMaxSwept> results{};
    std::array<Arrival, kMaxSwept> arrivals;
  };
  // A Cursor knows how far a source's plan is known.
  struct Cursor {
    Swept swept;
    uint64_t next = 0;        // where to ask next
    Extent extent;            // the first data that ends after where it was sought
    uint64_t bytes_read = 0;  // guarded by mutex_ while the sweep runs
  };

  void Work();
  void WaitForPace(std::unique_lock<std::mutex>& lock);
  bool Plan(Unit& unit);  // false: no more, or an error
  bool Seek(size_t side, uint64_t from);
  void Read(Unit& unit);
  void Arrive(Unit& unit, size_t side, int64_t result);
  void Look(Unit& unit);
  void Retire();
  void Fail(Error error);
  bool stopping() const { return failed_ || *stop_; }

  const size_t max_memory_;
  MemoryWatch memory_{2 * max_memory_ - 2 * kUnitSize};  // as the engine's

  // Run() sets these.
  Visitor* visitor_ = nullptr;
  Meter* meter_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  std::atomic<bool> failed_{false};
  std::vector<Cursor> cursors_;

  // The plan is used by the worker that has set planning_.
  uint64_t position_ = 0;
  uint64_t common_ = 0;  // the shorter source's size
  uint64_t size_ = 0;    // the longer one's

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable paced_;  // of the worker in WaitForPace(): what wakes it is not for it to do
  Error error_;                    // guarded by mutex_
  bool planning_ = false;          // guarded by mutex_
  bool planned_ = false;           // guarded by mutex_
  Pace pace_;                      // guarded by mutex_
  uint64_t started_ = 0;           // units; guarded by mutex_
  uint64_t retired_ = 0;           // units; guarded by mutex_
  Unit* arrived_ = nullptr;        // linked by `next`; guarded by mutex_
  std::vector<Unit> ring_;         // unit n is ring_[n % ring_.size()]; fixed while workers run
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_SWEEP_H_
