// The window compares two limits in blocks of units (docs/decisions/0019).
#include "copy/engine/window.h"

#include <algorithm>

namespace rbdkit::copy {

namespace {

// Fewer units than these cannot keep even one OSD at work.
constexpr size_t kFloor = 6;

// A block is as many units as make a figure: those of one window may all be over at once.
constexpr size_t kBlockUnits = 24;
constexpr size_t kBlockWindows = 2;
constexpr std::chrono::milliseconds kBlockTime{100};

// The smaller limit may cost this part of the throughput.
constexpr double kLoss = 0.05;
// The differences that were found, added up, have to come to this, for single ones are mostly noise. It
// begins near to where the smaller limit is taken: it does others more good than the copy harm.
constexpr double kSure = 0.5;
constexpr double kLean = 0.4;
// A block of the smaller limit ends after a few units if it moves no more than this part.
constexpr double kHopeless = 0.58;
constexpr size_t kHopelessUnits = 6;

// So many windows are passed before the first comparison, and between two; twice as many after each that has
// changed nothing.
constexpr size_t kFirst = 30;
constexpr size_t kRest = 20;
constexpr size_t kMaxRest = 8 * kRest;
// The rest is this long where the smaller limit was hopeless.
constexpr size_t kLongRest = 4 * kRest;

}  // namespace

Window::Window(size_t buffers) : limit_(buffers), left_(kFirst * buffers), rest_(kRest) {
  levels_.push_back(buffers);
  while (levels_.back() > kFloor) levels_.push_back(std::max(kFloor, levels_.back() / 2));
  scores_.resize(levels_.size() - 1, kLean);
}

void Window::Done(uint64_t bytes, Clock::time_point now) {
  if (scores_.empty() || bytes == 0) return;
  if (!comparing_) {
    since_ = now;
    if (--left_ == 0) Begin();
    return;
  }
  if (settling_ > 0) {
    --settling_;
    since_ = now;
    return;
  }
  ++units_;
  bytes_ += bytes;
  taken_ = now - since_;
  if (Hopeless()) {
    scores_[high_] = std::max(scores_[high_] - kSure, -kSure);
    rest_ = std::max(rest_, kLongRest);
    return Stay(high_);
  }
  if (units_ < std::max(kBlockUnits, kBlockWindows * levels_[high_]) || taken_ < kBlockTime) return;
  since_ = now;
  if (second_) return EndPair();
  second_ = true;
  first_rate_ = rate();
  BeginBlock(now_ == high_ ? high_ + 1 : high_);
}

double Window::rate() const {
  return static_cast<double>(bytes_) / std::chrono::duration<double>(taken_).count();
}

void Window::Begin() {
  // The level is compared with the one above and the one below in turn, where there are both.
  downwards_ = level_ == 0 || (!downwards_ && level_ + 1 < levels_.size());
  high_ = downwards_ ? level_ : level_ - 1;
  comparing_ = true;
  second_ = false;
  BeginBlock(level_);
}

void Window::BeginBlock(size_t level) {
  now_ = level;
  settling_ = levels_[level] == limit_ ? 0 : limit_;
  limit_ = levels_[level];
  units_ = 0;
  bytes_ = 0;
}

// Pairs go A B, B A, A B, so that what changes steadily meanwhile does as much for one as for the other.
void Window::EndPair() {
  const double gain = now_ == high_ ? first_rate_ / rate() - 1 : rate() / first_rate_ - 1;
  double& score = scores_[high_];
  score = std::clamp(score + gain + kLoss, -kSure, kSure);
  if (score == kSure) return Stay(high_ + 1);
  if (score == -kSure) return Stay(high_);
  second_ = false;
  BeginBlock(now_);
}

bool Window::Hopeless() const {
  return second_ && now_ != high_ && units_ >= std::max(kHopelessUnits, limit_) &&
         rate() < kHopeless * first_rate_;
}

void Window::Stay(size_t level) {
  if (level != level_) rest_ = kRest;
  level_ = level;
  limit_ = levels_[level];
  left_ = rest_ * limit_;
  rest_ = std::clamp(2 * rest_, kRest, kMaxRest);
  comparing_ = false;
}

}  // namespace rbdkit::copy
