// This file declares what a run is asked for, and the error that ended it early.
#ifndef RBDKIT_BENCH_OPTIONS_H_
#define RBDKIT_BENCH_OPTIONS_H_

#include <rbd/librbd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/pattern.h"

namespace rbdkit::bench {

enum class Kind : uint8_t { kRead, kWrite, kDiscard, kWriteZeroes, kFlush };

// A Way is what fio counts apart.
enum Way : uint8_t { kWayRead, kWayWrite, kWayTrim, kWaySync, kWays };

inline Way WayOf(Kind kind) {
  switch (kind) {
    case Kind::kRead:
      return kWayRead;
    case Kind::kWrite:
      return kWayWrite;
    case Kind::kFlush:
      return kWaySync;
    default:
      return kWayTrim;
  }
}

struct Options {
  // What is done to the images; reads may be mixed into it.
  Kind kind = Kind::kRead;
  double read_share = 1;  // 0 to 1
  PatternOptions pattern;
  uint32_t depth = 16;  // operations in flight an image
  double rate = 0;      // operations a second over all images; 0: as fast as they complete
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds runtime{0};  // 0: the bytes end the run
  uint64_t bytes = 0;                   // 0: the time does
  uint32_t flush_every = 0;             // writes of an image; 0: only at the end
  double compressible = 0;              // percent
  bool verify = false;
  uint64_t seed = 0;
  std::chrono::nanoseconds stalled_after = std::chrono::seconds(10);
  // A run that was cancelled or that failed waits so long for what is in flight. Then its threads are left to
  // themselves: they end when the cluster answers, and hold what the operations need until then.
  std::chrono::nanoseconds drain_for = std::chrono::seconds(10);
};

// A Target is an open image that the run uses.
struct Target {
  rbd_image_t image = nullptr;
  const void* cluster = nullptr;  // images of the same handle share a thread
  uint64_t identity = 0;          // for stamps: the same in every run, another for another image
  std::shared_ptr<void> keep;     // what holds it open
};

struct Error {
  Error() = default;
  Error(int r, std::string function, size_t target = 0)
      : result(r), syscall(std::move(function)), image(target) {}
  explicit operator bool() const { return result < 0; }

  int result = 0;  // a negative errno
  std::string syscall;
  size_t image = 0;     // which target
  std::string message;  // what the errno does not say
  bool verify = false;  // what was read is not what was written
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_OPTIONS_H_
