// A Lane is one image of a run with its operations. The submitting thread uses it; librbd's threads write the
// result into an Operation and queue it.
#ifndef RBDKIT_BENCH_LANE_H_
#define RBDKIT_BENCH_LANE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/options.h"
#include "bench/payload.h"
#include "core/arrivals.h"

namespace rbdkit::bench {

class Lane;

// An Operation is used again and again. It has cache lines of its own, because librbd's threads write into
// it.
struct alignas(64) Operation : Arrival {
  Arrivals* arrivals = nullptr;
  Lane* lane = nullptr;
  char* buffer = nullptr;  // of its own, for reads and for writes that are stamped
  int64_t start = 0;       // when it was to begin
  int64_t done = 0;
  ssize_t result = 0;
  uint64_t offset = 0;
  uint32_t length = 0;
  Kind kind = Kind::kRead;
};

// A Lane is used by the one thread that submits for it.
class Lane {
 public:
  // Throws std::bad_alloc. `index` is the target's number.
  Lane(const Options& options, const Target& target, size_t index, uint64_t image_size,
       const Payload* payload, Arrivals* arrivals);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // free() gives a free operation, or nullptr.
  Operation* free() const { return free_; }
  void Free(Operation* operation) {
    operation->next = free_;
    free_ = operation;
  }

  // Choose() decides what the free operation does next: its kind, its place, its count.
  void Choose(Operation* operation);
  // Submit() gives the operation, which is free, to librbd. It returns 0, or the errno with which librbd did
  // not take the operation, which is free again then.
  int Submit(Operation* operation);
  // Check() says what is wrong with what a read brought; empty: nothing.
  std::string Check(const Operation& operation) const;

  size_t index() const { return index_; }
  // When the next operation of an open-loop run is to begin.
  int64_t due = 0;
  // A flush comes before the next operation.
  bool flush_due = false;
  Random& arrival_random() { return arrival_random_; }

 private:
  const char* DataToWrite(Operation* operation);

  const Options& options_;
  const Target target_;
  const size_t index_;
  const Payload* const payload_;
  const Stamp stamp_;
  Pattern pattern_;
  Random kind_random_;
  Random payload_random_;
  Random arrival_random_;
  uint64_t written_ = 0;
  uint32_t since_flush_ = 0;
  std::vector<Operation> operations_;
  Operation* free_ = nullptr;
  void* memory_ = nullptr;
  size_t memory_size_ = 0;
};

// FunctionOf() names the C function of a kind, for errors.
const char* FunctionOf(Kind kind);

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_LANE_H_
