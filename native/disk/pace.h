// A Pace says how fast a copy may go.
#ifndef RBDKIT_DISK_PACE_H_
#define RBDKIT_DISK_PACE_H_

#include <chrono>
#include <cstdint>

namespace rbdkit::copy {

// A limit of 0 is none.
struct Limits {
  uint64_t bytes_per_second = 0;
  uint64_t operations_per_second = 0;
};

// A Pace has a clock for each limit. What is started moves the clocks on by the time it is worth, and the
// next may start when both have come. What is late is caught up, up to a moment. A Pace is not thread-safe;
// the engine's lock guards it.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Pace(Limits limits = {}) : limits_(limits) {}

  // next() tells when the next may start.
  Clock::time_point next() const { return bytes_ > operations_ ? bytes_ : operations_; }
  void Charge(uint64_t bytes, uint64_t operations, Clock::time_point now) {
    Move(&bytes_, bytes, limits_.bytes_per_second, now);
    Move(&operations_, operations, limits_.operations_per_second, now);
  }

 private:
  // So much is caught up, because threads wake up late.
  static constexpr std::chrono::milliseconds kCatchUp{100};

  static void Move(Clock::time_point* clock, uint64_t amount, uint64_t limit, Clock::time_point now) {
    if (limit == 0) return;
    const std::chrono::duration<double> worth(static_cast<double>(amount) / static_cast<double>(limit));
    if (*clock < now - kCatchUp) *clock = now - kCatchUp;
    *clock += std::chrono::duration_cast<Clock::duration>(worth);
  }

  Limits limits_;
  Clock::time_point bytes_{};
  Clock::time_point operations_{};
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_PACE_H_
