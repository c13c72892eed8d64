// The copy engine moves one source to one destination, with a fixed pool of buffers between them. Run()
// blocks the job's thread; four worker threads, "rbdkit-copy", plan, read, sift and write; completions come
// from librbd's threads.
#ifndef RBDKIT_COPY_ENGINE_ENGINE_H_
#define RBDKIT_COPY_ENGINE_ENGINE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "copy/endpoint.h"
#include "copy/engine/meter.h"
#include "copy/engine/offload.h"
#include "copy/engine/plan.h"
#include "copy/engine/span.h"
#include "copy/engine/verifier.h"
#include "copy/engine/watermark.h"
#include "copy/engine/window.h"
#include "disk/buffer_pool.h"
#include "disk/memory_watch.h"
#include "disk/pace.h"

namespace rbdkit::copy {

inline constexpr size_t kMinMemory = 4 * kUnitSize;
inline constexpr size_t kDefaultMemory = 16 * kUnitSize;

struct Options {
  // `max_memory` is at least kMinMemory. librbd holds as much again for what is in flight, so the bound that
  // is promised is twice this and 16 MiB.
  size_t max_memory = kDefaultMemory;
  Limits limits;         // reads count with their bytes, writes as operations only
  bool checksum = true;  // without it the result has no CRC32C
  std::chrono::milliseconds stalled_after = kStalledAfter;
  // A mark of how far the copy is is written down at least this often. What was copied since is lost when the
  // process is killed.
  std::chrono::milliseconds mark_interval{2000};
};

struct Result {
  uint64_t bytes = 0;          // the source's size, or its last layer's
  uint64_t bytes_covered = 0;  // of all layers
  uint64_t bytes_read = 0;     // by an earlier copy as well; the rest was known to be zero beforehand
  uint64_t bytes_written = 0;  // the rest was left out as holes
  uint64_t objects_moved = 0;  // on the OSDs, so neither read nor written here
  uint64_t bytes_moved = 0;
  uint64_t bytes_resumed = 0;  // durable before, by an earlier copy
  double seconds = 0;
  // `crc32c` is that of all `bytes`, holes included. A source of several layers has one only with a verifier
  // that reads.
  uint32_t crc32c = 0;
};

// An Engine is one copy. Worker threads take turns: each plans the next unit and starts its read, or goes on
// with a unit whose read or writes have completed. As many units are under way as the window allows: at first
// as many as there are buffers. Endpoints complete operations by queueing only; zeros, checksums and blocking
// file calls are the workers'.
class Engine {
 public:
  // The endpoints, and verifier and offload if there are any, outlive the engine.
  Engine(Source& source, Destination& destination, Options options, Verifier* verifier = nullptr,
         Offload* offload = nullptr)
      : source_(source),
        destination_(destination),
        options_(options),
        verifier_(verifier),
        offload_(offload),
        pace_(options.limits) {}

  // Run() copies, and blocks. When it returns nothing is in flight, and the destination is published or
  // nothing is left of it. `report` is called on other threads, never after the return.
  Error Run(Meter::Report report, Result* result);

  // Cancel() ends the copy early, unless it is being published already. Any thread, any time before, while or
  // after Run().
  void Cancel();

 private:
  struct Unit;
  // An Arrival is where the completions of one unit's reads or writes arrive.
  class Arrival final : public Operation {
   public:
    Arrival(Engine& engine, Unit& unit, bool read) : engine_(engine), unit_(unit), read_(read) {}
    void Complete(int64_t result) override { engine_.Arrive(unit_, read_, result); }

   private:
    Engine& engine_;
    Unit& unit_;
    const bool read_;
  };
  // A Unit is a span of the source on its way. It belongs to one worker at a time.
  struct Unit {
    Unit(Engine& engine, char* memory)
        : slab(memory), read(engine, *this, true), write(engine, *this, false) {}
    char* buffer() const { return slab + span.offset % kGrain; }

    Unit* next = nullptr;  // in arrived_
    char* const slab;
    Span span;
    std::vector<Part> writes;
    uint32_t crc = 0;
    bool written = false;     // what arrived: the reads, or the writes
    size_t pending = 0;       // operations that have not arrived; guarded by mutex_
    int64_t result = 0;       // the first error of them; guarded by mutex_
    uint64_t bytes_read = 0;  // guarded by mutex_
    Arrival read;
    Arrival write;
  };

  Error Copy();
  Error Begin();
  Error Fill();
  Error FillLayer();
  Error NextLayer();
  Error Transfer();
  Error Verify();
  void Work();
  void WaitForPace(std::unique_lock<std::mutex>& lock, const Unit& unit);
  bool NextSpan(Unit& unit);
  Error MakeRoom(uint64_t end);
  void Read(Unit& unit);
  void Arrive(Unit& unit, bool read, int64_t result);
  void Queue(Unit& unit);
  void Advance(Unit& unit, Sifter& sifter);
  Unit* TakeParked();
  void Write(Unit& unit);
  void Release(Unit& unit, bool done);
  bool MarkIsDue() const;
  void KeepMark();
  // Fail() ends the transfer with its first error.
  void Fail(Error error);
  // These two are about the layer that is being copied: whether it is the last one, and whether somebody may
  // go on with it.
  bool last() const { return watermark_.mark().layer + 1 == source_.layers(); }
  bool resumable() const;
  bool offloads() const { return offload_ != nullptr && offload_->chosen(); }
  bool stopping() const { return stop_.load(std::memory_order_relaxed); }

  Source& source_;
  Destination& destination_;
  const Options options_;
  Verifier* const verifier_;
  Offload* const offload_;
  Meter* meter_ = nullptr;
  // The allowance is what is promised, less what may come between two looks.
  MemoryWatch memory_{2 * options_.max_memory - 2 * kUnitSize};

  // `stop_` is set by Cancel() or by the first error; then no new unit is started.
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> bytes_written_{0};

  Mark resumed_;
  uint64_t bytes_found_ = 0;  // that an earlier copy had moved
  bool keeps_marks_ = false;

  // These are used by the worker that has set planning_.
  std::unique_ptr<Plan> plan_;
  bool unknown_size_ = false;
  uint64_t room_ = 0;  // of a destination whose size is not known

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable paced_;  // of the worker in WaitForPace(): what wakes it is not for it to do
  bool cancelled_ = false;         // guarded by mutex_
  Error error_;                    // guarded by mutex_
  Pace pace_;                      // guarded by mutex_
  bool planning_ = false;          // guarded by mutex_
  bool planned_ = false;           // guarded by mutex_
  size_t under_way_ = 0;           // guarded by mutex_
  Window window_{1};               // guarded by mutex_
  Unit* arrived_ = nullptr;        // oldest first, linked by `next`; guarded by mutex_
  Unit* last_arrived_ = nullptr;   // guarded by mutex_
  std::vector<Unit*> parked_;      // for their turn, of an ordered destination; guarded by mutex_
  uint64_t turn_ = 0;              // the sequence number that is next; guarded by mutex_
  bool taking_turn_ = false;       // it is being written; guarded by mutex_
  std::vector<Unit*> idle_;        // guarded by mutex_
  Watermark watermark_;            // guarded by mutex_
  bool keeping_ = false;           // a mark is being written down; guarded by mutex_
  uint64_t kept_ = 0;              // the last one's offset; guarded by mutex_
  std::chrono::steady_clock::time_point kept_at_;  // guarded by mutex_
  std::vector<std::unique_ptr<Unit>> units_;       // fixed while workers run
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_ENGINE_H_
