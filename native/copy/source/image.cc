// This file opens and confirms an image source, and reads it; image_extents.cc finds its data and
// image_scan.cc reads its object maps.
#include "copy/source/image.h"

#include <algorithm>

#include "ceph/image_lists.h"
#include "ceph/long_call.h"
#include "ceph/migration.h"
#include "copy/publish/image_journal.h"
#include "disk/temporary_name.h"
#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kMaxSnapshotName = 255;

}  // namespace

Error ImageSource::Changed(const char* function, const char* what) {
  return Error::Coded(kSourceChanged, function, std::string("the source ") + what + " while it was read");
}

Error ImageSource::Open() {
  if (Error error = ioctx_.Open(like_)) return error;
  if (snapshot_.empty() && hold_ == Hold::kStill) {
    if (Error error = OpenHead()) return error;
  }
  if (!image_) {
    const int r =
        OpenImageAt(Rbd().rbd_open_read_only, ioctx_.get(), name_.c_str(), snapshot_.c_str(), image_.out());
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
  if (Error error = ListWatchers(holder_.get(), &watchers)) return error;
  if (watchers.size() > 1) return TakeSnapshot();
  r = Rbd().rbd_lock_acquire(holder_.get(), RBD_LOCK_MODE_EXCLUSIVE);
  if (r == -EBUSY || r == -EROFS) return TakeSnapshot();  // somebody was faster
  if (r < 0) return Error(r, "rbd_lock_acquire");
  locked_ = true;
  std::swap(*image_.out(), *holder_.out());
  // The watch begins before the size is asked for: what is resized until then is the source.
  std::string id;
  if (Error error = ImageId(image_.get(), &id)) return error;
  return resizes_.Start(ioctx_.get(), id);
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
  if (Error error = FindMigration(image, ioctx_.get(), &migrating_)) return error;
  if (!snapshot_.empty()) {
    r = Rbd().rbd_snap_get_id(image, snapshot_.c_str(), &snapshot_id_);
    if (r < 0) return Error(r, "rbd_snap_get_id");
  }
  if (Error error = FindBegin()) return error;
  return ChooseWindow();
}

void ImageSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  StartAio(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_read2(image_.get(), offset, length, buffer, completion,
                               LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL);
  });
}

Error ImageSource::ReadError(int64_t result) const {
  if (result == -ENOENT) return Changed("rbd_aio_read2", "was removed");
  // The read went beyond the end of what the image is now, though all that is read was in it.
  uint64_t size = size_;
  const bool shorter = result == -EINVAL && Rbd().rbd_get_size(image_.get(), &size) >= 0 && size < size_;
  if (result >= 0 || shorter) return Changed("rbd_aio_read2", "became shorter");
  // The image may have been cut, and have its size again by now.
  bool asked = false;
  if (result == -EINVAL && locked_ && !resizes_.Ask(&asked) && asked) {
    return Changed("rbd_aio_read2", "image was resized");
  }
  return Error(static_cast<int>(result), "rbd_aio_read2");
}

// identity() is only of what cannot change, so not of the head, of which no one can tell whether it was
// written to.
std::string ImageSource::identity() const {
  if (snapshot_id() == 0) return "";
  return "image " + place() + ' ' + std::to_string(snapshot_id_) + ' ' + std::to_string(size_);
}

std::string ImageSource::place() const {
  // Image ids are unique in a pool, whatever the namespace.
  return ClusterOf(ioctx_.get()) + ' ' + std::to_string(Rados().rados_ioctx_get_id(ioctx_.get())) + ' ' + id_;
}

bool ImageSource::Rewind() {
  window_end_ = 0;
  return !changes_;
}

std::unique_ptr<Source> ImageSource::Whole() const {
  return std::make_unique<ImageSource>(like_, name_, snapshot_, std::nullopt, Hold::kNot);
}

// Nobody else can have written to the head, but it may have been resized at somebody's request.
Error ImageSource::ConfirmHead() {
  int owner = 0;
  int r = Rbd().rbd_is_exclusive_lock_owner(image_.get(), &owner);
  if (r < 0) return Error(r, "rbd_is_exclusive_lock_owner");
  if (owner == 0) return Changed("rbd_is_exclusive_lock_owner", "image's exclusive lock was lost");
  bool asked = false;
  if (Error error = resizes_.Ask(&asked)) return Changed(error.syscall.c_str(), "image's watch was lost");
  uint64_t size = 0;
  if ((r = Rbd().rbd_get_size(image_.get(), &size)) < 0) return Error(r, "rbd_get_size");
  if (asked || size != size_) return Changed("rbd_get_size", "image was resized");
  return {};
}

Error ImageSource::Confirm() {
  if (locked_) {
    if (Error error = ConfirmHead()) return error;
  }
  return layout_.old_format ? ConfirmOld() : ConfirmIds();
}

// ConfirmIds() takes a fresh look, because a handle that is open does not notice that its snapshot is gone.
// To open another handle takes eleven requests more.
Error ImageSource::ConfirmIds() const {
  std::vector<uint64_t> ids;
  if (Error error = SnapshotIds(ioctx_.get(), id_, &ids)) {
    return error.result == -ENOENT ? Changed(error.syscall.c_str(), "image was removed") : error;
  }
  for (const uint64_t id : {from_id_, snapshot_.empty() ? 0 : snapshot_id_}) {
    const bool found = id == 0 || std::binary_search(ids.begin(), ids.end(), id);
    if (!found) return Changed("rados_exec", "snapshot was removed");
  }
  return {};
}

// ConfirmOld() is for an image of format 1, whose snapshots have their ids nowhere but in librbd.
Error ImageSource::ConfirmOld() const {
  OpenImage fresh;
  if (Error error = OpenById(ioctx_.get(), id_, name_, true, &fresh)) {
    return error.result == -ENOENT ? Changed(error.syscall.c_str(), "image was removed") : error;
  }
  if (from_id_ != 0) {
    if (Error error = ConfirmSnapshot(fresh.get(), from_id_)) return error;
  }
  return snapshot_.empty() ? Error() : ConfirmSnapshot(fresh.get(), snapshot_id_);
}

Error ImageSource::ConfirmSnapshot(rbd_image_t image, uint64_t id) const {
  std::string name;
  const Error error = SnapshotName(image, id, &name);
  return error.result == -ENOENT ? Changed("rbd_snap_get_name", "snapshot was removed") : error;
}

Error ImageSource::Close() {
  resizes_.Stop();
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
