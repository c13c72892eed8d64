// This file finds where an image source has data: all of it, or what has changed since a snapshot. Next()
// runs on the engine's thread that plans.
#include <algorithm>

#include "ceph/data_objects.h"
#include "ceph/image_lists.h"
#include "ceph/migration.h"
#include "ceph/striping.h"
#include "copy/publish/image_journal.h"
#include "copy/source/image.h"
#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

// One rbd_diff_iterate2() looks at so many objects. With fast diff it costs nothing, without it one request
// an object, and the first reads should not wait for them all.
constexpr uint64_t kFastWindow = 1 << 20;
constexpr uint64_t kSlowWindow = 1 << 8;
constexpr uint64_t kFirstScan = 1 << 15;

}  // namespace

Error ImageSource::Since(Changes changes) {
  changes_ = std::move(changes);
  window_end_ = 0;
  scanned_ = {};
  maps_read_ = false;
  if (Error error = FindBegin()) return error;
  return ChooseWindow();
}

Error ImageSource::FindBegin() {
  if (changes_ && migrating_) {
    if (!changes_->from.empty() || changes_->own) return Migrating();
    changes_.reset();  // all of it
  }
  if (!changes_ || changes_->from.empty()) return {};
  const int r = Rbd().rbd_snap_get_id(image_.get(), changes_->from.c_str(), &from_id_);
  if (r < 0) {
    Error error(r, "rbd_snap_get_id");
    error.message = "the image has no snapshot '" + changes_->from + "' to begin at";
    return error;
  }
  // From a snapshot to itself nothing has changed.
  if (!snapshot_.empty() && from_id_ > snapshot_id_) {
    Error error(-EINVAL, "rbd_diff_iterate2");
    error.message = "snapshot '" + changes_->from + "' is newer than what the diff is to end at";
    return error;
  }
  return {};
}

Error ImageSource::ChooseWindow() {
  uint64_t flags = 0;
  const int r = Rbd().rbd_get_flags(image_.get(), &flags);
  if (r < 0) return Error(r, "rbd_get_flags");
  fast_ = (layout_.features & RBD_FEATURE_FAST_DIFF) != 0 &&
          (flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0;
  // The window is whole stripes, because fast diff of parts of an object was wrong before Ceph 16.2.8
  // (tracker 53784).
  const auto sets = [this](uint64_t objects) {
    return object_set() * std::max<uint64_t>(1, objects / layout_.stripe_count);
  };
  window_ = sets(fast_ && !exact() ? kFastWindow : kSlowWindow);
  scan_ = sets(kFirstScan);
  return {};
}

Error ImageSource::Iterate(const char* from, uint64_t offset, uint64_t length, bool whole_objects,
                           bool with_parent, std::vector<Extent>* extents) const {
  const auto add = [](uint64_t begin, size_t count, int exists, void* arg) {
    auto& list = *static_cast<std::vector<Extent>*>(arg);
    const Content content = exists == 0 ? Content::kHole : Content::kData;
    if (!list.empty() && list.back().end() == begin && list.back().content == content) {
      list.back().length += count;
    } else {
      list.push_back({begin, count, content});
    }
    return 0;
  };
  const int r = Rbd().rbd_diff_iterate2(image_.get(), from, offset, length, with_parent ? 1 : 0,
                                        whole_objects ? 1 : 0, add, extents);
  if (r == -ENOENT) return Changed("rbd_diff_iterate2", "was removed");
  if (r < 0) return Error(r, "rbd_diff_iterate2");
  // Objects of a striped image do not come in the image's order.
  std::sort(extents->begin(), extents->end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  return {};
}

Error ImageSource::Diff(uint64_t offset) {
  extents_.clear();
  next_extent_ = 0;
  uint64_t length = std::min(window_, size_ - offset);
  if (migrating_) {
    extents_.push_back({offset, size_ - offset, Content::kData});
    window_end_ = size_;
    return {};
  }
  if (exact() && fast_) {
    if (Error error = FindChanged(offset, &length)) return error;
    if (window_end_ > offset) return {};
  }
  if (!changes_ && fast_ && MapsTellAll()) {
    AddSets(maps_->there, offset, offset + length, &extents_);
    window_end_ = offset + length;
    return {};
  }
  // For all of an image librbd is asked for objects, not for the bytes in them. That is one request less an
  // object where there is no fast diff, and zeros inside are found when they are read.
  const bool whole_objects = !changes_ || changes_->whole_objects;
  const char* from = changes_ && !changes_->from.empty() ? changes_->from.c_str() : nullptr;
  const bool own = changes_ && changes_->own;
  if (Error error = Iterate(from, offset, length, whole_objects, !own, &extents_)) return error;
  if (own) {
    if (Error error = AddEmptied(offset, length)) return error;
  }
  if (changes_ && changes_->whole_holes) {
    if (Error error = WidenHoles(offset, length)) return error;
  }
  window_end_ = offset + length;
  return {};
}

// WidenHoles() makes holes of whole objects. Of an object that is gone librbd tells only where there were
// bytes in it, and somebody who zeroes no more than those keeps an empty object.
Error ImageSource::WidenHoles(uint64_t offset, uint64_t length) {
  std::vector<Extent> zeros;
  const uint64_t set = object_set();
  for (const Extent& extent : extents_) {
    if (extent.content != Content::kHole) continue;
    const uint64_t begin = extent.offset / set * set;
    const uint64_t end = std::min((extent.end() + set - 1) / set * set, offset + length);
    if (zeros.empty() || zeros.back().end() < begin) zeros.push_back({begin, 0, Content::kHole});
    zeros.back().length = end - zeros.back().offset;
  }
  if (zeros.empty()) return {};
  // A hole is widened only where there is nothing.
  const std::vector<Extent>* objects = nullptr;
  std::vector<Extent> here;
  if (exact() && fast_) {
    if (Error error = FindObjects(&objects)) return error;
  } else {
    if (Error error = Iterate(nullptr, offset, length, true, true, &here)) return error;
    objects = &here;
  }
  auto object = std::partition_point(objects->begin(), objects->end(), [&zeros](const Extent& extent) {
    return extent.end() <= zeros.front().offset;
  });
  for (const Extent& zero : zeros) {
    uint64_t at = zero.offset;
    while (object != objects->end() && object->end() <= at) ++object;
    for (auto next = object; at < zero.end();) {
      const uint64_t end = next == objects->end() ? zero.end() : std::min(next->offset, zero.end());
      if (end > at) extents_.push_back({at, end - at, Content::kHole});
      at = next == objects->end() ? zero.end() : std::max(at, next->end());
      if (next != objects->end()) ++next;
    }
  }
  // The new extents may lie over those that are there, which are zero as well.
  std::sort(extents_.begin(), extents_.end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  size_t count = 0;
  for (const Extent& extent : extents_) {
    Extent* const last = count == 0 ? nullptr : &extents_[count - 1];
    if (last != nullptr && last->content == extent.content && extent.offset <= last->end()) {
      last->length = std::max(last->end(), extent.end()) - last->offset;
    } else {
      extents_[count++] = extent;
    }
  }
  extents_.resize(count);
  return {};
}

// AddEmptied() adds objects without a byte, which hide their parent's. Without fast diff librbd does not tell
// of them: it says what the parent has there.
Error ImageSource::AddEmptied(uint64_t offset, uint64_t length) {
  std::vector<Extent> shown;
  if (Error error = Iterate(nullptr, offset, length, true, true, &shown)) return error;
  DataObjects objects;
  if (Error error = objects.Open(image_.get(), ioctx_.get())) return error;
  Rados().rados_ioctx_snap_set_read(objects.ioctx(), read_snapshot());
  const Striping striping(layout_);
  const std::vector<Extent> own = extents_;
  auto next = own.begin();
  uint64_t asked = UINT64_MAX;
  bool there = false;
  for (const Extent& extent : shown) {
    for (uint64_t at = extent.offset; at < extent.end();) {
      const Place place = striping.At(at);
      const uint64_t end = std::min(extent.end(), at + place.length);
      while (next != own.end() && next->end() <= at) ++next;
      const bool known = next != own.end() && next->offset <= at;
      if (!known && place.object != asked) {
        uint64_t size = 0;
        const int r = objects.AskSize(place.object, &size);
        if (r < 0 && r != -ENOENT) return Error(r, "rados_stat");
        asked = place.object;
        there = r == 0;
      }
      if (!known && there) extents_.push_back({at, end - at, Content::kData});
      at = end;
    }
  }
  std::sort(extents_.begin(), extents_.end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  return {};
}

Error ImageSource::Next(uint64_t offset, Extent* extent) {
  if (offset >= window_end_) {
    if (Error error = Diff(offset)) return error;
  }
  while (next_extent_ < extents_.size() && extents_[next_extent_].end() <= offset) ++next_extent_;
  uint64_t end = window_end_;
  Content content = changes_ ? Content::kSame : Content::kHole;
  if (next_extent_ < extents_.size()) {
    const Extent& next = extents_[next_extent_];
    if (next.offset <= offset) content = next.content;
    end = std::min(end, next.offset <= offset ? next.end() : next.offset);
  }
  *extent = {offset, end - offset, content};
  return {};
}

Error ImageSource::ListSnapshots(std::vector<SnapshotInfo>* snapshots) const {
  std::vector<ListedSnapshot> listed;
  if (Error error = copy::ListSnapshots(image_.get(), &listed)) return error;
  std::vector<std::pair<std::string, Record>> records;
  if (Error error = ImageJournal(ioctx_.get()).List(&records)) return error;
  const auto is_temporary = [&records, this](const std::string& name) {
    return std::any_of(records.begin(), records.end(), [&](const auto& entry) {
      return entry.first == name && entry.second.kind == RecordKind::kSnapshot && entry.second.id == id_;
    });
  };
  for (const ListedSnapshot& snapshot : listed) {
    if (is_temporary(snapshot.name)) continue;
    int is_protected = 0;
    const int r = Rbd().rbd_snap_is_protected(image_.get(), snapshot.name.c_str(), &is_protected);
    if (r == -ENOENT) continue;  // not a user's: of a group, of a mirror, or in the trash
    if (r < 0) return Error(r, "rbd_snap_is_protected");
    snapshots->push_back({snapshot.id, snapshot.size, {snapshot.name, is_protected != 0}});
  }
  std::sort(snapshots->begin(), snapshots->end(),
            [](const SnapshotInfo& a, const SnapshotInfo& b) { return a.id < b.id; });
  return {};
}

Error ImageSource::DescribeDiff(DiffHeader* header) const {
  header->size = size_;
  if (changes_ && !changes_->from.empty()) header->from = changes_->from;
  if (snapshot_.empty() || temporary_snapshot_) return {};
  header->to = snapshot_;
  int is_protected = 0;
  const int r = Rbd().rbd_snap_is_protected(image_.get(), snapshot_.c_str(), &is_protected);
  if (r < 0) return Error(r, "rbd_snap_is_protected");
  header->is_protected = is_protected != 0;
  return {};
}

}  // namespace rbdkit::copy
