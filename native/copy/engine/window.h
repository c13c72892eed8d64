// A Window says how many units of a copy may be under way.
#ifndef RBDKIT_COPY_ENGINE_WINDOW_H_
#define RBDKIT_COPY_ENGINE_WINDOW_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rbdkit::copy {

// To begin with, as many units are under way as there are buffers. Now and then two limits are compared, one
// half of the other, by turns. The smaller one stays where it moves as much: a longer queue is of no use to
// the copy then, and in the way of others. Throughput alone tells, because latencies grow with a queue also
// where that is of use (docs/decisions/0019). A Window is not thread-safe; the engine's lock guards it.
class Window {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Window(size_t buffers);

  size_t limit() const { return limit_; }
  // Done() says that a unit is over that `bytes` were read for.
  void Done(uint64_t bytes, Clock::time_point now);

 private:
  void Begin();
  void BeginBlock(size_t level);
  void EndPair();
  void Stay(size_t level);
  bool Hopeless() const;
  double rate() const;

  // `levels_` are the limits there are, each about half of the one before.
  std::vector<size_t> levels_;
  // `scores_` has for each level but the last how much is to be said for the next one instead of it.
  std::vector<double> scores_;

  size_t level_ = 0;  // what is kept to between comparisons
  size_t limit_;
  size_t left_;             // units until the next comparison
  size_t rest_;             // windows between two of them
  bool downwards_ = false;  // the last one was with the next level

  bool comparing_ = false;
  size_t high_ = 0;  // with the next level
  size_t now_ = 0;   // the level of this block
  bool second_ = false;
  double first_rate_ = 0;
  size_t settling_ = 0;  // units that were begun under another limit
  size_t units_ = 0;
  uint64_t bytes_ = 0;
  Clock::time_point since_;
  Clock::duration taken_{};
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_WINDOW_H_
