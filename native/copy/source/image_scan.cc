// This file finds by the object maps which objects of an image are there or may have changed. The OSDs are
// asked about those only, so that a copy costs what there is and not how large the image is. It runs on the
// engine's thread that plans.
#include <algorithm>
#include <chrono>

#include "copy/source/image.h"

namespace rbdkit::copy {

namespace {

using Clock = std::chrono::steady_clock;

// Gaps of so many objects are asked about, too, because that costs less than a call of its own for the
// objects after them.
constexpr uint64_t kJoined = 8;

// When a look takes as long as both of these, all together and for each object, librbd has asked the OSDs,
// because the map of one of the snapshots is not valid. Else the next look may take in more.
constexpr std::chrono::seconds kSlow{1};
constexpr std::chrono::microseconds kSlowObject{30};
constexpr uint64_t kGrowth = 32;

}  // namespace

// FindChanged() says what is looked at next: `length` bytes, in which something may have changed, or, with a
// new window_end_, nothing up to there.
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
  std::vector<Extent> found;
  // When asked for changes since nothing, librbd also tells what was there once.
  if (!changes_->from.empty() && MapsTell()) {
    AddSets(maps_->either, scanned_.begin, scanned_.end, &found);
  } else if (Error error = AskChanged(&found)) {
    return error;
  }
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

Error ImageSource::AskChanged(std::vector<Extent>* found) {
  const char* const from = changes_->from.empty() ? nullptr : changes_->from.c_str();
  const Clock::time_point start = Clock::now();
  if (Error error = Iterate(from, scanned_.begin, scanned_.end - scanned_.begin, true, true, found)) {
    return error;
  }
  const Clock::duration taken = Clock::now() - start;
  const uint64_t objects = (scanned_.end - scanned_.begin) / layout_.object_size + 1;
  fast_ = taken < kSlow || taken < objects * kSlowObject;
  if (fast_ && scan_ < size_) scan_ *= kGrowth;
  if (from == nullptr) return {};
  // Fast diff does not tell what a rollback has changed (findings/fast-diff-after-rollback.sh), but it does
  // tell what is there, and that may have changed.
  const std::vector<Extent>* there = nullptr;
  if (Error error = FindObjects(&there)) return error;
  found->insert(found->end(), there->begin(), there->end());
  std::sort(found->begin(), found->end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  return {};
}

bool ImageSource::MapsTell() {
  if (!std::exchange(maps_read_, true)) {
    maps_.emplace();
    if (!ReadObjectMaps(ioctx_.get(), id_, layout_, from_id_, read_snapshot(), &*maps_)) maps_.reset();
  }
  return maps_.has_value();
}

// MapsTellAll() is false for a clone and for a striped image: the maps know nothing of a parent, and librbd
// tells which pieces of a striped image an object has.
bool ImageSource::MapsTellAll() {
  uint64_t overlap = 0;
  return layout_.stripe_count == 1 && Rbd().rbd_get_overlap(image_.get(), &overlap) >= 0 && overlap == 0 &&
         MapsTell();
}

// AddSets() adds what the sets of these objects take up between `begin` and `end`.
void ImageSource::AddSets(const ObjectSet& objects, uint64_t begin, uint64_t end,
                          std::vector<Extent>* extents) const {
  const uint64_t set = object_set();
  const uint64_t in_set = layout_.stripe_count;
  const uint64_t last = (end + set - 1) / set * in_set;
  for (uint64_t object = objects.NextIn(begin / set * in_set); object < last;) {
    const uint64_t behind = (objects.NextOut(object) + in_set - 1) / in_set;
    const uint64_t at = std::max(begin, object / in_set * set);
    extents->push_back({at, std::min(end, behind * set) - at, Content::kData});
    object = objects.NextIn(behind * in_set);
  }
}

// FindObjects() lists the objects of what was scanned.
Error ImageSource::FindObjects(const std::vector<Extent>** objects) {
  if (!scanned_.objects) {
    std::vector<Extent> found;
    if (MapsTellAll()) {
      AddSets(maps_->there, scanned_.begin, scanned_.end, &found);
    } else if (Error error =
                   Iterate(nullptr, scanned_.begin, scanned_.end - scanned_.begin, true, true, &found)) {
      return error;
    }
    scanned_.objects = std::move(found);
  }
  *objects = &*scanned_.objects;
  return {};
}

}  // namespace rbdkit::copy
