// An Image is an open image (rbd_image_t). It is opened and closed on the cluster's executors.
#ifndef RBDKIT_RBD_IMAGE_H_
#define RBDKIT_RBD_IMAGE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rados/ioctx.h"
#include "rbd/image_size.h"
#include "sys/rbd.h"

namespace rbdkit {

class Image final : public Handle {
 public:
  static constexpr const char* kKind = "Image";

  Image(std::shared_ptr<IoCtx> ioctx, const std::string& label)
      : Handle(ioctx->shared_executors(), label), ioctx_(std::move(ioctx)) {}
  ~Image() override { Close(); }

  // Open() opens by name, or by id when `by_id`; as it is now, or at a snapshot, by its name or its id. It
  // returns 0 or a negative errno. Blocks: an executor's thread.
  int Open(const std::string& name, bool by_id, const std::optional<std::string>& snapshot,
           std::optional<uint64_t> snapshot_id, bool read_only);
  // Close() flushes and closes; librbd waits for the callbacks of operations in flight.
  int Close() override;

  rbd_image_t image() const { return image_; }
  const std::shared_ptr<IoCtx>& ioctx() const { return ioctx_; }
  // size() is what writes are checked against. It is always unknown of an image that is open read-only or at
  // a snapshot.
  ImageSize& size() { return size_; }
  // SizeIsStale() tells whether another client has changed the header, or is about to, and librbd has yet to
  // read it. Until then librbd cuts reads by the old size. It never blocks. JavaScript thread.
  bool SizeIsStale() const { return watching_ && !size_.Known(); }

 private:
  int WatchSize();

  const std::shared_ptr<IoCtx> ioctx_;
  rbd_image_t image_ = nullptr;
  ImageSize size_;
  uint64_t update_watch_ = 0;
  bool watching_ = false;
};

inline rbd_image_t CHandle(const Image& image) { return image.image(); }

// GetName() gives the image's present name and returns 0 or a negative errno. Blocks: an executor's thread.
int GetName(rbd_image_t image, std::string* name);

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_H_
