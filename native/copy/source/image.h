// An ImageSource is an RBD image that is read, at a snapshot or as it is now. Read() is called on the
// engine's threads and completes on librbd's; the rest blocks, on the job's thread or, as Next(), on an
// engine's.
#ifndef RBDKIT_COPY_SOURCE_IMAGE_H_
#define RBDKIT_COPY_SOURCE_IMAGE_H_

#include <string>
#include <vector>

#include "ceph/image_io.h"
#include "ceph/object_maps.h"
#include "ceph/resize_watch.h"
#include "copy/endpoint.h"
#include "copy/format/diff_format.h"

namespace rbdkit::copy {

// Changes make a source of what has changed in an image, rather than of all of it.
struct Changes {
  std::string from;            // since this snapshot; empty: since there was nothing
  bool whole_objects = false;  // objects that have changed, rather than the bytes in them: faster
  bool whole_holes = false;    // objects that are gone, rather than the bytes that were in them
  bool own = false;            // of a clone: its own objects, and not what its parent shows through
};

struct SnapshotInfo {
  uint64_t id = 0;
  uint64_t size = 0;
  SnapshotSpec spec;
};

// Without a snapshot the image is kept from changing: by the exclusive lock when nobody else has it open,
// else by a temporary snapshot, which costs about two seconds. An image that is being migrated counts as data
// all over, because librbd is not asked where it has some, and changes since a snapshot are refused.
class ImageSource final : public Source {
 public:
  enum class Hold : uint8_t {
    kStill,  // kept from changing
    kNot,    // nobody else knows it
  };
  // `ioctx` is borrowed and outlives this. An empty `snapshot`: the image as it is now.
  ImageSource(rados_ioctx_t ioctx, std::string image, std::string snapshot,
              std::optional<Changes> changes = std::nullopt, Hold hold = Hold::kStill)
      : like_(ioctx),
        name_(std::move(image)),
        hold_(hold),
        snapshot_(std::move(snapshot)),
        changes_(std::move(changes)) {}
  ~ImageSource() override { Close(); }

  Error Open() override;
  uint64_t size() const override { return size_; }
  std::optional<Layout> layout() const override { return layout_; }
  std::string identity() const override;
  // A read of changes goes over no hole, because what has become zero is told apart from what is the same.
  bool reads_holes() const override { return !changes_; }
  // After Since() the source is of changes, instead of all, and begins anew. After Open().
  Error Since(Changes changes);
  // Whole() gives what reads all of the image, by a handle of its own, while this source is open.
  std::unique_ptr<Source> Whole() const;
  // ListSnapshots() lists the oldest first, without those that copies have made for themselves. After Open().
  Error ListSnapshots(std::vector<SnapshotInfo>* snapshots) const;
  // snapshot_id() is that of the snapshot that was asked for; 0: the image as it is now.
  uint64_t snapshot_id() const { return temporary_snapshot_ ? 0 : snapshot_id_; }
  // place() tells which image of all the world's it is.
  std::string place() const;
  // DescribeDiff() says what a diff of it is of.
  Error DescribeDiff(DiffHeader* header) const;
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override;
  bool Rewind() override;
  Error Confirm() override;
  Error Close() override;

  // These are for while the source is open.
  rbd_image_t image() const { return image_.get(); }
  rados_ioctx_t ioctx() const { return ioctx_.get(); }
  // read_snapshot() is LIBRADOS_SNAP_HEAD for the image as it is now, which the lock keeps from changing.
  uint64_t read_snapshot() const { return snapshot_.empty() ? LIBRADOS_SNAP_HEAD : snapshot_id_; }

 private:
  static Error Changed(const char* function, const char* what);
  Error OpenHead();
  Error TakeSnapshot();
  Error Describe();
  Error FindBegin();
  Error ChooseWindow();
  Error ConfirmHead();
  Error ConfirmIds() const;
  Error ConfirmOld() const;
  Error Diff(uint64_t offset);
  Error FindChanged(uint64_t offset, uint64_t* length);
  Error Scan(uint64_t offset);
  Error AskChanged(std::vector<Extent>* found);
  Error FindObjects(const std::vector<Extent>** objects);
  bool MapsTell();
  bool MapsTellAll();
  void AddSets(const ObjectSet& objects, uint64_t begin, uint64_t end, std::vector<Extent>* extents) const;
  Error Iterate(const char* from, uint64_t offset, uint64_t length, bool whole_objects, bool with_parent,
                std::vector<Extent>* extents) const;
  Error AddEmptied(uint64_t offset, uint64_t length);
  Error WidenHoles(uint64_t offset, uint64_t length);
  // An object_set() is the bytes of objects that lie side by side, of which none is in another set.
  uint64_t object_set() const { return layout_.object_size * layout_.stripe_count; }
  bool exact() const { return changes_ && !changes_->whole_objects; }
  Error ConfirmSnapshot(rbd_image_t image, uint64_t id) const;

  const rados_ioctx_t like_;
  const std::string name_;
  const Hold hold_;
  std::string snapshot_;
  std::optional<Changes> changes_;
  OwnIoCtx ioctx_;
  OpenImage image_;   // what is read
  OpenImage holder_;  // read/write; holds the temporary snapshot
  bool temporary_snapshot_ = false;
  bool locked_ = false;
  ResizeWatch resizes_;  // while it is locked
  bool migrating_ = false;
  std::string id_;
  uint64_t snapshot_id_ = 0;
  uint64_t from_id_ = 0;
  uint64_t size_ = 0;
  Layout layout_;
  // A Scanned tells which objects have changed at all, where the object map tells: the others are not asked
  // about.
  struct Scanned {
    uint64_t begin = 0;
    uint64_t end = 0;
    std::vector<Extent> changed;                 // whole sets of objects, ascending
    std::optional<std::vector<Extent>> objects;  // those that are there, once that was asked
  };
  bool fast_ = false;               // the object map tells
  bool maps_read_ = false;          // or tried to
  std::optional<ObjectMaps> maps_;  // what they tell, where librbd need not be asked
  uint64_t scan_ = 0;               // how much one look at it takes in
  Scanned scanned_;
  uint64_t window_ = 0;          // how much one rbd_diff_iterate2() looks at
  uint64_t window_end_ = 0;      // how far the plan is known
  std::vector<Extent> extents_;  // data in the window, and of changes zeros, ascending
  size_t next_extent_ = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_IMAGE_H_
