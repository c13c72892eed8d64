// A Plan cuts a source into spans. The worker that plans uses it, one at a time.
#ifndef RBDKIT_COPY_ENGINE_PLAN_H_
#define RBDKIT_COPY_ENGINE_PLAN_H_

#include <atomic>
#include <cstdint>

#include "copy/endpoint.h"
#include "copy/engine/meter.h"
#include "copy/engine/moved.h"
#include "copy/engine/span.h"

namespace rbdkit::copy {

// A Plan is used by one thread at a time.
class Plan {
 public:
  // The plan begins at `position` of the source, which is open; the destination is prepared. Once `stop` is
  // set no more is asked of the source. What `moved` has, which may be nullptr, is in no span. `meter` hears
  // of what is passed over, which may take long where the source has to be asked.
  Plan(Source& source, const Destination& destination, uint64_t position, const std::atomic<bool>& stop,
       const Moved* moved, Meter& meter)
      : source_(source),
        sequential_(source.sequential()),
        zeros_(destination.needs_zeros()),
        crosses_(source.reads_holes() || sequential_),
        joins_(source.reads_holes() && !zeros_),
        smallest_hole_(source.reads_holes() && zeros_ ? destination.smallest_hole() : 0),
        stop_(stop),
        moved_(moved),
        meter_(meter),
        position_(position) {}

  // Next() gives the next span, or sets `found` to false when there is none. A sequential source's data is in
  // `slab` then, at the offset's place in its page.
  Error Next(char* slab, Span* span, bool* found);

  // All before position() is in a span or needs nothing.
  uint64_t position() const { return position_; }

 private:
  Error Look(bool* more);
  Error NextData(char* buffer, Span* span);
  Error ReadNow(char* buffer, Span* span, uint64_t end);
  bool IsData() const {
    return extent_.content == Content::kData ||
           (extent_.content == Content::kHole && extent_.length < smallest_hole_);
  }
  bool Skips() const {
    return extent_.content == Content::kSame || (extent_.content == Content::kHole && !zeros_);
  }

  Source& source_;
  const bool sequential_;
  const bool zeros_;
  // `crosses_`: a part may go over the end of an extent.
  const bool crosses_;
  // `joins_`: a part may go over holes.
  const bool joins_;
  // Shorter holes are cheaper read than zeroed.
  const size_t smallest_hole_;
  const std::atomic<bool>& stop_;
  const Moved* const moved_;
  Meter& meter_;
  uint64_t position_;
  uint64_t sequence_ = 0;
  Extent extent_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_PLAN_H_
