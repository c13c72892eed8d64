// An ImageDestination is a new RBD image that is copied to. Write() and Zero() are called on the engine's
// threads and complete on librbd's; the rest blocks on the job's thread or an engine's.
#ifndef RBDKIT_COPY_DESTINATION_IMAGE_H_
#define RBDKIT_COPY_DESTINATION_IMAGE_H_

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "ceph/image_io.h"
#include "ceph/image_writes.h"
#include "ceph/long_call.h"
#include "ceph/make_image.h"
#include "copy/endpoint.h"
#include "copy/naming.h"
#include "copy/publish/record.h"

namespace rbdkit::copy {

// An ImageDestination is written under a temporary name in the same pool and namespace, and locked. A record
// in the pool (image_journal.h) tells of it until it has its name.
class ImageDestination final : public Destination {
 public:
  // `ioctx` is borrowed and outlives this.
  ImageDestination(rados_ioctx_t ioctx, const std::string& image, LayoutRequest options, Naming naming);

  Error SetParent(const Parent& parent) override;
  Error Resume(const std::string& source, uint64_t size, Mark* mark) override;
  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  void Adopt(const Metadata& metadata) override { metadata_ = metadata; }
  Error Resize(uint64_t size) override;
  Error BeginLayer(uint64_t size) override;
  Error TakeSnapshot(const SnapshotSpec& snapshot) override;
  size_t smallest_hole() const override { return smallest_hole_; }
  bool needs_zeros() const override { return parent_ || over_another_; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  void Zero(uint64_t offset, uint64_t length, Operation* done) override;
  Error WriteError(int64_t result) const override;
  void Interrupt() override;
  void Reap() override { writes_.Reap(); }
  bool lost() const override { return writes_.lost(); }
  Error Flush() override;
  bool keeps_marks() const override { return true; }
  Error Keep(const Mark& mark) override;
  std::unique_ptr<Source> Reader(const std::string& snapshot) override;
  Error Publish() override;
  Error Abandon() override;
  Replaced replaced() const override { return replaced_; }

  // PostponeObjectMap(), called before Resume(), leaves it to another to make the object map at the end.
  void PostponeObjectMap();
  // postponed_features(), after Prepare(), are the features to be added then.
  uint64_t postponed_features() const;

  // Inherited() says what the new image is going to be like.
  LayoutRequest Inherited(const Layout& source) const;
  rados_ioctx_t opened_by() const { return like_; }

  // After Prepare().
  bool resumed() const { return resumed_; }
  rbd_image_t image() const { return image_.get(); }
  rados_ioctx_t ioctx() const { return ioctx_.get(); }

 private:
  Error OpenPool();
  Error FindEarlier(std::string* key, Record* record);
  Error WaitForOwner(const Record& record);
  Error CheckName(std::string* old_id);
  Error TakeDataPoolOf(const std::string& id);
  Error CheckLock();
  Error Create(uint64_t size);
  Error Open();
  Error SetMetadata();

  const rados_ioctx_t like_;
  const Naming naming_;
  std::string temporary_;
  LayoutRequest options_;
  const bool own_features_;  // not the source's, nor the default
  std::optional<Parent> parent_;
  OwnIoCtx ioctx_;
  OpenImage image_;
  ImageWrites writes_;  // to it
  Record record_;
  std::string lock_owner_;  // this one, as the OSD calls it; empty: the image has no lock
  Replaced replaced_;
  Metadata metadata_;
  bool postpones_map_ = false;
  bool resumed_ = false;       // and the first snapshot is not taken yet
  bool over_another_ = false;  // layer
  bool made_ = false;          // there is something to remove
  size_t smallest_hole_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Interrupt() stops it.
  const std::shared_ptr<LongCall> long_call_ = std::make_shared<LongCall>();
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_IMAGE_H_
