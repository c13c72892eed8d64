// Which objects of an image have changed, by its object map: what is asked of the OSDs is about those only,
// so that it costs what has changed and not what there is.
#include <algorithm>
#include <chrono>

#include "copy/image_source.h"

namespace rbdkit::copy {

namespace {

using Clock = std::chrono::steady_clock;

// Objects that are asked about for nothing cost less than a call of its own for those after them.
constexpr uint64_t kJoined = 8;

// For a look that takes as long as both of these, all together and for each object, librbd has asked the
// OSDs: the map of one of the snapshots is not valid. Else the next one may take in more.
constexpr std::chrono::seconds kSlow{1};
constexpr std::chrono::microseconds kSlowObject{30};
constexpr uint64_t kGrowth = 32;

}  // namespace

// What is looked at next: `length` bytes, in which something may have changed; or, with a new window_end_,
// nothing up to there.
Error ImageSource::FindChanged(uint64_t offset, uint64_t* length) {
  if (offset >= scanned_.end) {
    if (Error error = Scan(offset)) return error;
    if (!fast_) return {};
  }
  const auto run = std::find_if(scanned_.changed.begin(), scanned_.changed.end(),
                                [offset](const Extent& extent) { return extent.end() > offset; });
  if (run == scanned_.changed.end()) {
    window_end_ = scanned_.end;
  } else if (run->offset > offset) {
    window_end_ = run->offset;
  } else {
    *length = std::min(*length, run->end() - offset);
  }
  return {};
}

Error ImageSource::Scan(uint64_t offset) {
  const uint64_t set = object_set();
  scanned_ = {};
  scanned_.begin = offset / set * set;
  scanned_.end = scanned_.begin + std::min(scan_, size_ - scanned_.begin);
  const char* const from = changes_->from.empty() ? nullptr : changes_->from.c_str();
  std::vector<Extent> found;
  const Clock::time_point start = Clock::now();
  if (Error error = Iterate(from, scanned_.begin, scanned_.end - scanned_.begin, true, true, &found)) {
    return error;
  }
  // A map does not tell what a rollback has changed (findings/fast-diff-after-rollback.sh), but it does tell
  // which objects there are: those are asked about as well.
  if (from != nullptr) {
    const std::vector<Extent>* there = nullptr;
    if (Error error = FindObjects(&there)) return error;
    found.insert(found.end(), there->begin(), there->end());
    std::sort(found.begin(), found.end(),
              [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  }
  const Clock::duration taken = Clock::now() - start;
  const uint64_t objects = (scanned_.end - scanned_.begin) / layout_.object_size + 1;
  fast_ = taken < kSlow || taken < objects * kSlowObject;
  if (fast_ && scan_ < size_) scan_ *= kGrowth;
  for (const Extent& extent : found) {
    const uint64_t begin = extent.offset / set * set;
    const uint64_t end = std::min((extent.end() + set - 1) / set * set, scanned_.end);
    if (scanned_.changed.empty() || scanned_.changed.back().end() + kJoined * set < begin) {
      scanned_.changed.push_back({begin, 0, Content::kData});
    }
    Extent& last = scanned_.changed.back();
    last.length = std::max(last.end(), end) - last.offset;
  }
  return {};
}

// Of what was scanned.
Error ImageSource::FindObjects(const std::vector<Extent>** objects) {
  if (!scanned_.objects) {
    std::vector<Extent> found;
    if (Error error = Iterate(nullptr, scanned_.begin, scanned_.end - scanned_.begin, true, true, &found)) {
      return error;
    }
    scanned_.objects = std::move(found);
  }
  *objects = &*scanned_.objects;
  return {};
}

}  // namespace rbdkit::copy
