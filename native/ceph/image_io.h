// The image endpoints share these handles on ioctxs and images, what is asked of an open image, and how an
// asynchronous call of librbd's is started. Calls block on a job's or an engine's thread.
#ifndef RBDKIT_CEPH_IMAGE_IO_H_
#define RBDKIT_CEPH_IMAGE_IO_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ceph/layout.h"
#include "disk/error.h"
#include "disk/extent.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

// An OwnIoCtx is an ioctx of our own on the pool and namespace of another one. Its settings are ours, and it
// may be used from threads at the same time as that one. A full pool answers EDQUOT or ENOSPC to it instead
// of making writers wait, and opening an image for writing is a write (docs/decisions/0003).
class OwnIoCtx {
 public:
  OwnIoCtx() = default;
  ~OwnIoCtx();
  OwnIoCtx(const OwnIoCtx&) = delete;
  OwnIoCtx& operator=(const OwnIoCtx&) = delete;

  // `pool` names another pool, in the same namespace.
  Error Open(rados_ioctx_t like, std::optional<int64_t> pool = std::nullopt);
  // This Open() takes another pool and another namespace of the same cluster.
  Error Open(rados_ioctx_t like, int64_t pool, const std::string& name_space);
  rados_ioctx_t get() const { return ioctx_; }

 private:
  rados_ioctx_t ioctx_ = nullptr;
};

// An OpenImage closes itself.
class OpenImage {
 public:
  OpenImage() = default;
  ~OpenImage() { Close(); }
  OpenImage(const OpenImage&) = delete;
  OpenImage& operator=(const OpenImage&) = delete;

  rbd_image_t get() const { return image_; }
  rbd_image_t* out() { return &image_; }
  explicit operator bool() const { return image_ != nullptr; }
  // Close() returns 0 or a negative errno.
  int Close() { return image_ == nullptr ? 0 : CloseImage(std::exchange(image_, nullptr)); }
  // BeginClose() and EndClose() do the same in two parts, for what else can be done meanwhile. Both are
  // called, once.
  void BeginClose();
  bool closed() const { return closing_ == nullptr || Rbd().rbd_aio_is_complete(closing_) != 0; }
  void EndClose();
  // Leave() neither closes the image nor waits for that.
  void Leave() { image_ = closing_ = nullptr; }

 private:
  rbd_image_t image_ = nullptr;
  rbd_completion_t closing_ = nullptr;
};

// ClusterOf() gives the cluster's fsid.
std::string ClusterOf(rados_ioctx_t ioctx);
// The name of another pool of the ioctx's cluster. Blocks for a new map at most.
Error PoolName(rados_ioctx_t ioctx, int64_t pool, std::string* name);

// ImageId() gives the id that an open image keeps whatever it is called. An image of format 1 has none. What
// its objects' names begin with is as unique, and told apart by its dots.
Error ImageId(rbd_image_t image, std::string* id);
// OpenById() opens the image of that ImageId(); ENOENT: there is none. An image of format 1 is found by its
// `name` only.
Error OpenById(rados_ioctx_t ioctx, const std::string& id, const std::string& name, bool read_only,
               OpenImage* image);
Error DescribeLayout(rbd_image_t image, Layout* layout);
// SnapshotIds() gives the snapshots of the image of format 2 with that id, as its header has them now,
// ascending. Those of groups, of mirroring and in the trash are among them. ENOENT: there is no such image.
Error SnapshotIds(rados_ioctx_t ioctx, const std::string& id, std::vector<uint64_t>* ids);

// FinishAio() is librbd's callback. It takes the result and queues it, no more.
void FinishAio(rbd_completion_t completion, void* operation);

// StartAio() starts an rbd_aio_xxx call for `done`. `call` gets the completion and returns what that function
// returns.
template <typename Call>
void StartAio(Operation* done, Call call) {
  rbd_completion_t completion;
  int r = Rbd().rbd_aio_create_completion(done, FinishAio, &completion);
  if (r < 0) return done->Complete(r);
  r = call(completion);
  if (r >= 0) return;
  Rbd().rbd_aio_release(completion);
  done->Complete(r);
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_IO_H_
