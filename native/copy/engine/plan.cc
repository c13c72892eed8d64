// A plan asks the source for its extents and makes spans of them.
#include "copy/engine/plan.h"

#include <algorithm>

namespace rbdkit::copy {

namespace {

// A Now is a read that has completed when Read() returns.
class Now final : public Operation {
 public:
  void Complete(int64_t result) override { result_ = result; }
  int64_t result() const { return result_; }

 private:
  int64_t result_ = -EIO;
};

}  // namespace

Error Plan::Look(bool* more) {
  *more = position_ < source_.size();
  if (!*more || position_ < extent_.end()) return {};
  if (Error error = source_.Next(position_, &extent_)) return error;
  meter_.Touch();
  if (moved_ != nullptr) moved_->Cut(&extent_);
  *more = extent_.length > 0;
  if (!*more && position_ < source_.size()) return source_.ReadError(0);
  return {};
}

Error Plan::Next(char* slab, Span* span, bool* found) {
  *found = false;
  span->parts.clear();
  while (!stop_) {
    bool more = false;
    if (Error error = Look(&more)) return error;
    if (!more) return {};
    const uint64_t end = std::min(extent_.end(), source_.size());
    if (Skips()) {
      const bool moved = moved_ != nullptr && extent_.content == Content::kSame;
      if (!moved) meter_.Add(end - position_);  // the offload has
      position_ = end;
      continue;
    }
    span->offset = position_;
    if (IsData()) {
      if (Error error = NextData(slab + position_ % kGrain, span)) return error;
    } else {
      const uint64_t length = std::min(end - position_, kMaxZero - position_ % kMaxZero);
      span->parts.push_back({position_, length, false});
      position_ += length;
    }
    span->length = position_ - span->offset;
    *found = !span->parts.empty();
    if (*found) {
      span->sequence = sequence_++;
      return {};
    }
  }
  return {};
}

// NextData() goes to the end of the aligned unit, holes after the last data included.
Error Plan::NextData(char* buffer, Span* span) {
  const uint64_t unit_end = (position_ / kUnitSize + 1) * kUnitSize;
  bool joins = joins_;
  while (position_ < unit_end && !stop_) {
    bool more = false;
    if (Error error = Look(&more)) return error;
    if (!more) return {};
    const uint64_t end = std::min({extent_.end(), source_.size(), unit_end});
    if (IsData()) {
      // One read over the holes between is cheaper than many small ones, and sifting finds the zeros again.
      const bool follows = !span->parts.empty() && span->parts.back().data;
      if (follows && (joins || (crosses_ && span->parts.back().end() == position_))) {
        span->parts.back().length = end - span->parts.back().offset;
      } else {
        span->parts.push_back({position_, end - position_, true});
      }
      joins = joins_;
      if (sequential_) {
        if (Error error = ReadNow(buffer, span, end)) return error;
        if (position_ < end) return {};
      }
    } else if (!Skips()) {
      span->parts.push_back({position_, end - position_, false});
    } else if (extent_.content == Content::kSame) {
      if (moved_ != nullptr) return {};  // no span goes over what is accounted for already
      joins = false;
    }
    position_ = end;
  }
  return {};
}

// ReadNow() reads the data up to `end`, which the last part has been made to hold. At the end of the source
// less is there.
Error Plan::ReadNow(char* buffer, Span* span, uint64_t end) {
  Now now;
  const uint64_t length = end - position_;
  source_.Read(position_, length, buffer + (position_ - span->offset), &now);
  if (now.result() < 0) return source_.ReadError(now.result());
  const auto got = static_cast<uint64_t>(now.result());
  position_ += got;
  if (got == length) return {};
  if (position_ != source_.size()) return source_.ReadError(now.result());
  Part& part = span->parts.back();
  part.length = position_ - part.offset;
  if (part.length == 0) span->parts.pop_back();
  return {};
}

}  // namespace rbdkit::copy
