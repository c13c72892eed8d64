// An ImageDestination makes, locks, writes, names and removes its temporary image. Write() and Zero() start
// asynchronous calls of librbd's; the rest blocks.
#include "copy/destination/image.h"

#include <algorithm>
#include <chrono>

#include "ceph/image_names.h"
#include "ceph/image_tuning.h"
#include "copy/publish/image.h"
#include "copy/publish/image_journal.h"
#include "copy/publish/image_leftovers.h"
#include "copy/publish/image_removal.h"
#include "copy/publish/old_image.h"
#include "copy/source/image.h"
#include "disk/temporary_name.h"

namespace rbdkit::copy {

namespace {

// A write of its own costs an OSD about as much as this many bytes more.
constexpr size_t kOperationCost = 64 << 10;

constexpr size_t kMaxImageName = 4096;

// Ceph takes a client for dead when it has not been heard of for 30 s (osd_client_watch_timeout).
constexpr std::chrono::seconds kOwnerTimeout{35};
constexpr std::chrono::milliseconds kOwnerPoll{500};

// These features say how an image works, and are inherited. Journaling is not among them, because it would
// write all data twice, nor is what librbd sets itself from other options or while an image is in some state.
constexpr uint64_t kInherited = RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP |
                                RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN;

constexpr uint64_t kMapFeatures = RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF;

uint64_t OrderOf(uint64_t object_size) {
  uint64_t order = 0;
  while ((uint64_t{1} << order) < object_size) ++order;
  return order;
}

// Settings() writes down what makes the image another one than that of another copy.
std::string Settings(const LayoutRequest& options) {
  std::string settings;
  for (const auto& value : {options.order, options.features, options.stripe_unit, options.stripe_count}) {
    settings += (value ? std::to_string(*value) : "-") + ' ';
  }
  return settings + options.data_pool.value_or("-");
}

// LockOwner() sets `owner`; empty: nobody has the lock.
Error LockOwner(rbd_image_t image, std::string* owner) {
  rbd_lock_mode_t mode = RBD_LOCK_MODE_EXCLUSIVE;
  char* owners[1] = {};
  size_t count = 1;
  const int r = Rbd().rbd_lock_get_owners(image, &mode, owners, &count);
  owner->clear();
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_lock_get_owners");
  if (count > 0) *owner = owners[0];
  Rbd().rbd_lock_get_owners_cleanup(owners, count);
  return {};
}

Error LockLost(const char* function) {
  return Error::Coded(kLockLost, function,
                      "another client has taken the exclusive lock of the temporary image");
}

}  // namespace

ImageDestination::ImageDestination(rados_ioctx_t ioctx, const std::string& image, LayoutRequest options,
                                   Naming naming)
    : like_(ioctx),
      naming_(std::move(naming)),
      temporary_(TemporaryName(image, kMaxImageName)),
      options_(std::move(options)),
      own_features_(options_.features) {
  record_.target = image;
  record_.settings = Settings(options_);
}

Error ImageDestination::OpenPool() {
  if (ioctx_.get() != nullptr) return {};
  return ioctx_.Open(like_);
}

Error ImageDestination::SetParent(const Parent& parent) {
  if (ClusterOf(like_) != parent.cluster) {
    return Error::Coded(kParentUnsupported, "rbd_clone3", "the source's parent is in another cluster");
  }
  parent_ = parent;
  return {};
}

Error ImageDestination::Resume(const std::string& source, uint64_t size, Mark* mark) {
  if (Error error = OpenPool()) return error;
  record_.source = source;
  record_.size = size;
  if (!naming_.resume) return {};
  std::string key;
  Record record;
  if (Error error = FindEarlier(&key, &record)) return error;
  if (key.empty()) return {};
  if (Error error = WaitForOwner(record)) return error;
  const int r = Rbd().rbd_open_by_id(ioctx_.get(), record.id.c_str(), image_.out(), nullptr);
  if (r == -ENOENT) return RemoveTemporary(ioctx_.get(), key, *long_call_);
  if (r < 0) return Error(r, "rbd_open_by_id");
  temporary_ = key;
  record_ = record;
  resumed_ = true;
  *mark = record.mark;
  return {};
}

// FindEarlier() finds the record of an earlier copy; an empty key: there is none.
Error ImageDestination::FindEarlier(std::string* key, Record* found) {
  std::vector<std::pair<std::string, Record>> records;
  if (Error error = ImageJournal(ioctx_.get()).List(&records)) return error;
  bool other = false;
  for (const auto& [name, record] : records) {
    if (record.kind != RecordKind::kImage || record.target != record_.target || record.id.empty()) continue;
    if (record.source.empty() || record.source != record_.source || record.settings != record_.settings) {
      other = true;
    } else if (key->empty() || record.mark.durable() > found->mark.durable()) {
      *key = name;
      *found = record;
    }
  }
  if (!key->empty() || !other) return {};
  return Error::Coded(kSourceChanged, "resume",
                      "the unfinished copy is of another source, of other content or with other options");
}

// A killed owner counts as alive until Ceph gives it up.
Error ImageDestination::WaitForOwner(const Record& record) {
  const auto deadline = std::chrono::steady_clock::now() + kOwnerTimeout;
  for (;;) {
    bool in_use = false;
    if (Error error = IsInUse(ioctx_.get(), record, &in_use)) return error;
    if (!in_use) return {};
    std::unique_lock<std::mutex> lock(mutex_);
    const auto interrupted = [this] { return long_call_->stop.load(); };
    if (wake_.wait_for(lock, kOwnerPoll, interrupted)) {
      return Error::Coded(kCancelled, "resume", "cancelled");
    }
    if (std::chrono::steady_clock::now() < deadline) continue;
    Error error(-EBUSY, "resume");
    error.message = "the copy is at work in another process";
    return error;
  }
}

void ImageDestination::Interrupt() {
  std::lock_guard<std::mutex> lock(mutex_);
  long_call_->stop = true;
  wake_.notify_all();
}

Error ImageDestination::Prepare(uint64_t size, const std::optional<Layout>& source) {
  if (Error error = OpenPool()) return error;
  if (!image_) {
    if (Error error = FinishCopiesTo(ioctx_.get(), record_.target)) return error;
  }
  std::string old_id;
  if (Error error = CheckName(&old_id)) return error;
  if (source) options_ = Inherited(*source);
  if (!image_) {
    if (!old_id.empty() && !options_.data_pool) {
      if (Error error = TakeDataPoolOf(old_id)) return error;
    }
    if (Error error = Create(size == kUnknownSize ? kFirstRoom : size)) return error;
  }
  made_ = true;
  return Open();
}

// CheckName() finds out whether the name can be had, and which image has it.
Error ImageDestination::CheckName(std::string* old_id) {
  OpenImage existing;
  int r = Rbd().rbd_open_read_only(ioctx_.get(), record_.target.c_str(), existing.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_read_only");
  std::string id;
  if (Error error = ImageId(existing.get(), &id)) return error;
  // A copy that goes on finishes what the earlier one was allowed, or had begun.
  if (record_.state != RecordState::kCopying && (id == record_.id || id == record_.old_id)) return {};
  if (!naming_.replace) {
    Error error(-EEXIST, "rbd_create4");
    error.message = "it is replaced only with 'replace'";
    return error;
  }
  uint8_t old_format = 0;
  if ((r = Rbd().rbd_get_old_format(existing.get(), &old_format)) < 0) return Error(r, "rbd_get_old_format");
  if (old_format != 0) {
    Error error(-EOPNOTSUPP, "rbd_rename");
    error.message = "an image of format 1 is not replaced: rename it or remove it first";
    return error;
  }
  if (Error error = RefuseLocked(existing.get())) return error;
  if (!naming_.force) {
    if (Error error = RefuseInUse(ioctx_.get(), id)) return error;
  }
  if (Error error = RefuseLosses(existing.get(), naming_)) return error;
  *old_id = id;
  return {};
}

Error ImageDestination::TakeDataPoolOf(const std::string& id) {
  OpenImage old;
  const int r = Rbd().rbd_open_by_id_read_only(ioctx_.get(), id.c_str(), old.out(), nullptr);
  if (r < 0) return r == -ENOENT ? Error() : Error(r, "rbd_open_by_id_read_only");
  std::string pool;
  if (Error error = DataPoolOf(ioctx_.get(), old.get(), &pool)) return error;
  if (!pool.empty()) options_.data_pool = pool;
  return {};
}

LayoutRequest ImageDestination::Inherited(const Layout& source) const {
  LayoutRequest like;
  like.order = OrderOf(source.object_size);
  like.stripe_unit = source.stripe_unit;
  like.stripe_count = source.stripe_count;
  // What an image of format 1 has says nothing of what one of format 2 should have, which is made as any new
  // image.
  if (!source.old_format) like.features = source.features & kInherited;
  return Completed(options_, like);
}

// A copy that postpones the map does not go on with one that does not, nor the other way round.
void ImageDestination::PostponeObjectMap() {
  postpones_map_ = true;
  record_.settings += " map-at-the-end";
}

uint64_t ImageDestination::postponed_features() const {
  return postpones_map_ ? options_.features.value_or(0) & kMapFeatures : 0;
}

Error ImageDestination::Create(uint64_t size) {
  // The record is written first, because a create that fails or is cut off may also leave something.
  made_ = true;
  if (Error error = ImageJournal(ioctx_.get()).Put(temporary_, &record_)) return error;
  LayoutRequest options = options_;
  if (options.features) *options.features &= ~postponed_features();
  if (parent_) return CloneImage(ioctx_.get(), temporary_, size, *parent_, options);
  return CreateImage(ioctx_.get(), temporary_, size, options);
}

Error ImageDestination::Open() {
  if (!image_) {
    if (Error error = OpenTuned(ioctx_.get(), temporary_, &image_)) return error;
  }
  rbd_image_info_t info;
  int r;
  if ((r = Rbd().rbd_stat(image_.get(), &info, sizeof info)) < 0) return Error(r, "rbd_stat");
  // No hole as large as an object is ever written.
  smallest_hole_ = std::min<size_t>(kOperationCost, info.obj_size / 2);
  if (record_.state != RecordState::kCopying) return {};
  if (Error error = ImageId(image_.get(), &record_.id)) return error;
  uint64_t features = 0;
  if ((r = Rbd().rbd_get_features(image_.get(), &features)) < 0) return Error(r, "rbd_get_features");
  if ((features & RBD_FEATURE_EXCLUSIVE_LOCK) != 0) {
    // The lock is taken by hand, so that nobody is given it who asks. The lock of an owner that was killed is
    // broken.
    r = Rbd().rbd_lock_acquire(image_.get(), RBD_LOCK_MODE_EXCLUSIVE);
    if (r < 0) return Error(r, "rbd_lock_acquire");
    if (Error error = LockOwner(image_.get(), &lock_owner_)) return error;
  }
  return ImageJournal(ioctx_.get()).Put(temporary_, &record_);
}

Error ImageDestination::Resize(uint64_t size) {
  uint64_t now = 0;
  int r = Rbd().rbd_get_size(image_.get(), &now);
  if (r < 0) return Error(r, "rbd_get_size");
  if (now == size) return {};
  r = writes_.Await(
      // The call may be left behind.
      [image = image_.get(), size, call = long_call_] {
        return Rbd().rbd_resize2(image, size, true, LongCall::Progress, call.get());
      });
  return r < 0 ? Error(r, "rbd_resize2") : Error();
}

Error ImageDestination::BeginLayer(uint64_t size) {
  over_another_ = true;
  return Resize(size);
}

Error ImageDestination::TakeSnapshot(const SnapshotSpec& snapshot) {
  const char* const name = snapshot.name.c_str();
  int r = Rbd().rbd_snap_create2(image_.get(), name, 0, LongCall::Progress, long_call_.get());
  if (std::exchange(resumed_, false) && r == -EEXIST) {
    r = Rbd().rbd_snap_rollback_with_progress(image_.get(), name, LongCall::Progress, long_call_.get());
    if (r < 0) return Error(r, "rbd_snap_rollback_with_progress");
  }
  if (r < 0) return Error(r, "rbd_snap_create2");
  if (!snapshot.is_protected) return {};
  r = Rbd().rbd_snap_protect(image_.get(), name);
  return r < 0 && r != -EBUSY ? Error(r, "rbd_snap_protect") : Error();  // EBUSY: it is
}

void ImageDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  writes_.Start(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_write2(image_.get(), offset, length, buffer, completion,
                                LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL | LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
  });
}

void ImageDestination::Zero(uint64_t offset, uint64_t length, Operation* done) {
  writes_.Start(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_write_zeroes(image_.get(), offset, length, completion, 0,
                                      LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
  });
}

Error ImageDestination::Flush() {
  const int r = writes_.Await([image = image_.get()] { return Rbd().rbd_flush(image); });
  if (r < 0) return Error(r, "rbd_flush");
  return {};
}

std::unique_ptr<Source> ImageDestination::Reader(const std::string& snapshot) {
  // An image that is resumed may have got its name already.
  std::string name;
  if (ListedName(ioctx_.get(), record_.id, &name)) name = temporary_;
  return std::make_unique<ImageSource>(ioctx_.get(), name, snapshot, std::nullopt, ImageSource::Hold::kNot);
}

Error ImageDestination::WriteError(int64_t result) const {
  if (result == -EROFS && !lock_owner_.empty()) return LockLost("rbd_aio_write2");
  return Error(static_cast<int>(result), "rbd_aio_write2");
}

Error ImageDestination::Keep(const Mark& mark) {
  record_.mark = mark;
  if (mark.confirmed) {
    if (Error error = CheckLock()) return error;
    // Without `replace` a taken name is seen when the image is named.
    if (naming_.replace) {
      if (Error error = CheckName(&record_.old_id)) return error;
    }
    if (Error error = Untune(ioctx_.get(), record_.id)) return error;
    if (!record_.old_id.empty()) {
      Error error = Inherit(ioctx_.get(), record_.old_id, image_.get(), own_features_, &metadata_);
      if (error) return error;
    }
    if (Error error = SetMetadata()) return error;
    if (!record_.old_id.empty()) record_.old_name = ReplacedName(record_.target, kMaxImageName);
    record_.state = RecordState::kComplete;
  }
  return ImageJournal(ioctx_.get()).Put(temporary_, &record_);
}

// The metadata is set at the end, because configuration among it is for those who open the image by its name.
Error ImageDestination::SetMetadata() { return PutMetadata(ioctx_.get(), record_.id, metadata_); }

// The image stays open meanwhile: that is how others see that the copy is at work.
Error ImageDestination::Publish() {
  uint64_t features = 0;
  const int r = Rbd().rbd_get_features(image_.get(), &features);
  if (r < 0) return Error(r, "rbd_get_features");
  const auto how = (features & RBD_FEATURE_JOURNALING) != 0 ? Renaming::kKnown : Renaming::kQuietly;
  if (Error error = PublishImage(ioctx_.get(), temporary_, &record_, how, &replaced_)) return error;
  made_ = false;
  // Closing is seven requests, and the record three: neither waits for the other.
  image_.BeginClose();
  Error error = ImageJournal(ioctx_.get()).Remove(temporary_);
  image_.EndClose();
  return error;
}

// CheckLock() asks the OSD, because librbd only knows what it has been told.
Error ImageDestination::CheckLock() {
  if (lock_owner_.empty()) return {};
  std::string owner;
  if (Error error = LockOwner(image_.get(), &owner)) return error;
  return owner == lock_owner_ ? Error() : LockLost("rbd_lock_get_owners");
}

Error ImageDestination::Abandon() {
  writes_.Close(ioctx_.get(), &image_);
  if (!std::exchange(made_, false)) return {};
  if (!record_.old_id.empty()) {
    // While the old image does not have its name, the new one is what is to have it: leftovers finish that.
    std::string name;
    Error error = ListedName(ioctx_.get(), record_.old_id, &name);
    if (error.result != -ENOENT && (error || name != record_.target)) return error;
  }
  LongCall removal;  // not the one that was stopped
  return RemoveTemporary(ioctx_.get(), temporary_, removal);
}

}  // namespace rbdkit::copy
