#include "copy/image_source.h"

#include <algorithm>

#include "copy/image_journal.h"
#include "copy/publish_image.h"
#include "copy/temporary_name.h"
#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

// Objects per rbd_diff_iterate2(): with fast diff it costs nothing, without one request an object, and the
// first reads should not wait for them all.
constexpr uint64_t kFastWindow = 1 << 18;
constexpr uint64_t kSlowWindow = 1 << 8;

constexpr size_t kMaxSnapshotName = 255;

int NoProgress(uint64_t /*offset*/, uint64_t /*total*/, void* /*arg*/) { return 0; }

Error Changed(const char* function, const char* what) {
  return Error::Coded(kSourceChanged, function, std::string("the source ") + what + " while it was read");
}

}  // namespace

Error ImageSource::Open() {
  if (Error error = ioctx_.Open(like_)) return error;
  if (snapshot_.empty() && hold_ == Hold::kStill) {
    if (Error error = OpenHead()) return error;
  }
  if (!image_) {
    const int r = Rbd().rbd_open_read_only(ioctx_.get(), name_.c_str(), image_.out(), snapshot_.c_str());
    if (r < 0) return Error(r, "rbd_open_read_only");
  }
  return Describe();
}

Error ImageSource::OpenHead() {
  int r = Rbd().rbd_open(ioctx_.get(), name_.c_str(), holder_.out(), nullptr);
  if (r == -EPERM || r == -EACCES || r == -EROFS) {
    Error error(r, "rbd_open");
    error.message =
        "the image is not writable for this user, so it cannot be kept from changing: name a snapshot";
    return error;
  }
  if (r < 0) return Error(r, "rbd_open");
  uint64_t features = 0;
  if ((r = Rbd().rbd_get_features(holder_.get(), &features)) < 0) return Error(r, "rbd_get_features");
  if ((features & RBD_FEATURE_EXCLUSIVE_LOCK) == 0) return TakeSnapshot();
  std::vector<uint64_t> watchers;  // this one's among them
  if ((r = ListWatchers(holder_.get(), &watchers)) < 0) return Error(r, "rbd_watchers_list");
  if (watchers.size() > 1) return TakeSnapshot();
  r = Rbd().rbd_lock_acquire(holder_.get(), RBD_LOCK_MODE_EXCLUSIVE);
  if (r == -EBUSY || r == -EROFS) return TakeSnapshot();  // somebody was faster
  if (r < 0) return Error(r, "rbd_lock_acquire");
  locked_ = true;
  std::swap(*image_.out(), *holder_.out());
  return {};
}

Error ImageSource::TakeSnapshot() {
  snapshot_ = TemporaryName("copy", kMaxSnapshotName);
  Record record;
  record.kind = RecordKind::kSnapshot;
  record.target = name_;
  if (Error error = ImageId(holder_.get(), &record.id)) return error;
  if (Error error = ImageJournal(ioctx_.get()).Put(snapshot_, &record)) return error;
  temporary_snapshot_ = true;
  const int r = Rbd().rbd_snap_create2(holder_.get(), snapshot_.c_str(), 0, NoProgress, nullptr);
  if (r < 0) return Error(r, "rbd_snap_create2");
  return {};
}

Error ImageSource::Describe() {
  const rbd_image_t image = image_.get();
  int r = Rbd().rbd_get_size(image, &size_);
  if (r < 0) return Error(r, "rbd_get_size");
  if (Error error = DescribeLayout(image, &layout_)) return error;
  if (Error error = ImageId(image, &id_)) return error;
  if (!snapshot_.empty()) {
    r = Rbd().rbd_snap_get_id(image, snapshot_.c_str(), &snapshot_id_);
    if (r < 0) return Error(r, "rbd_snap_get_id");
  }
  if (changes_ && !changes_->from.empty()) {
    r = Rbd().rbd_snap_get_id(image, changes_->from.c_str(), &from_id_);
    Error error(r, "rbd_snap_get_id");
    if (r < 0) error.message = "the image has no snapshot '" + changes_->from + "' to begin at";
    if (r < 0) return error;
    if (!snapshot_.empty() && from_id_ >= snapshot_id_) {
      error = Error(-EINVAL, "rbd_diff_iterate2");
      error.message = "snapshot '" + changes_->from + "' is not older than what the diff is to end at";
      return error;
    }
  }
  uint64_t flags = 0;
  if ((r = Rbd().rbd_get_flags(image, &flags)) < 0) return Error(r, "rbd_get_flags");
  const bool exact = changes_ && !changes_->whole_objects;
  const bool fast = !exact && (layout_.features & RBD_FEATURE_FAST_DIFF) != 0 &&
                    (flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0;
  // Whole stripes: fast diff of parts of an object was wrong before Ceph 16.2.8 (tracker 53784).
  const uint64_t stripe = layout_.object_size * layout_.stripe_count;
  const uint64_t objects = fast ? kFastWindow : kSlowWindow;
  window_ = stripe * std::max<uint64_t>(1, objects / layout_.stripe_count);
  return {};
}

Error ImageSource::Diff(uint64_t offset) {
  extents_.clear();
  next_extent_ = 0;
  const uint64_t length = std::min(window_, size_ - offset);
  const auto add = [](uint64_t from, size_t count, int exists, void* arg) {
    auto& extents = *static_cast<std::vector<Extent>*>(arg);
    const Content content = exists == 0 ? Content::kHole : Content::kData;
    if (!extents.empty() && extents.back().end() == from && extents.back().content == content) {
      extents.back().length += count;
    } else {
      extents.push_back({from, count, content});
    }
    return 0;
  };
  // Of all of an image objects, not the bytes in them: one request less an object where there is no fast
  // diff; zeros inside are found when they are read.
  const uint8_t whole_objects = !changes_ || changes_->whole_objects ? 1 : 0;
  const char* from = changes_ && !changes_->from.empty() ? changes_->from.c_str() : nullptr;
  const int r = Rbd().rbd_diff_iterate2(image_.get(), from, offset, length, 1, whole_objects, add, &extents_);
  if (r == -ENOENT) return Changed("rbd_diff_iterate2", "was removed");
  if (r < 0) return Error(r, "rbd_diff_iterate2");
  // Objects of a striped image do not come in the image's order.
  std::sort(extents_.begin(), extents_.end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  window_end_ = offset + length;
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

void ImageSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  StartAio(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_read2(image_.get(), offset, length, buffer, completion,
                               LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL);
  });
}

Error ImageSource::ReadError(int64_t result) const {
  if (result == -ENOENT) return Changed("rbd_aio_read2", "was removed");
  if (result >= 0) return Changed("rbd_aio_read2", "became shorter");
  return Error(static_cast<int>(result), "rbd_aio_read2");
}

// Only what cannot change: not the head, of which no one can tell whether it was written to.
std::string ImageSource::identity() const {
  if (snapshot_.empty() || temporary_snapshot_) return "";
  char fsid[40] = "";
  Rados().rados_cluster_fsid(Rados().rados_ioctx_get_cluster(ioctx_.get()), fsid, sizeof fsid);
  // Image ids are unique in a pool, whatever the namespace.
  return std::string("image ") + fsid + ' ' + std::to_string(Rados().rados_ioctx_get_id(ioctx_.get())) + ' ' +
         id_ + ' ' + std::to_string(snapshot_id_) + ' ' + std::to_string(size_);
}

bool ImageSource::Rewind() {
  window_end_ = 0;
  return !changes_;
}

Error ImageSource::Confirm() {
  if (locked_) {
    int owner = 0;
    const int r = Rbd().rbd_is_exclusive_lock_owner(image_.get(), &owner);
    if (r < 0) return Error(r, "rbd_is_exclusive_lock_owner");
    if (owner == 0) return Changed("rbd_is_exclusive_lock_owner", "image's exclusive lock was lost");
  }
  // A fresh look: a handle that is open does not notice that its snapshot is gone.
  OpenImage fresh;
  int r = Rbd().rbd_open_by_id_read_only(ioctx_.get(), id_.c_str(), fresh.out(), nullptr);
  if (r == -ENOENT) return Changed("rbd_open_by_id_read_only", "image was removed");
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  if (from_id_ != 0) {
    if (Error error = ConfirmSnapshot(fresh.get(), from_id_)) return error;
  }
  return snapshot_.empty() ? Error() : ConfirmSnapshot(fresh.get(), snapshot_id_);
}

Error ImageSource::DescribeChanges(DiffHeader* header) const {
  header->size = size_;
  if (!changes_->from.empty()) header->from = changes_->from;
  if (snapshot_.empty() || temporary_snapshot_) return {};
  header->to = snapshot_;
  int is_protected = 0;
  const int r = Rbd().rbd_snap_is_protected(image_.get(), snapshot_.c_str(), &is_protected);
  if (r < 0) return Error(r, "rbd_snap_is_protected");
  header->is_protected = is_protected != 0;
  return {};
}

Error ImageSource::ConfirmSnapshot(rbd_image_t image, uint64_t id) const {
  int r;
  size_t length = kMaxSnapshotName + 1;
  std::string name(length, '\0');
  while ((r = Rbd().rbd_snap_get_name(image, id, name.data(), &length)) == -ERANGE) {
    name.resize(length);
  }
  if (r == -ENOENT) return Changed("rbd_snap_get_name", "snapshot was removed");
  if (r < 0) return Error(r, "rbd_snap_get_name");
  return {};
}

Error ImageSource::Close() {
  const int closed = image_.Close();
  int removed = 0;
  if (std::exchange(temporary_snapshot_, false)) {
    removed = Rbd().rbd_snap_remove2(holder_.get(), snapshot_.c_str(), 0, NoProgress, nullptr);
    if (removed == -ENOENT) removed = 0;  // it could not be made
    // A record that stays is cleaned up like the snapshot of a copy that was killed.
    if (removed == 0) ImageJournal(ioctx_.get()).Remove(snapshot_);
  }
  const int released = holder_.Close();
  if (removed < 0) {
    Error error(removed, "rbd_snap_remove2");
    error.message = "the temporary snapshot '" + snapshot_ + "' could not be removed";
    return error;
  }
  if (closed < 0 || released < 0) return Error(closed < 0 ? closed : released, "rbd_close");
  return {};
}

}  // namespace rbdkit::copy
