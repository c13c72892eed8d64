// Watches of an open image: that its header has changed, and that a snapshot is about to be made. librbd's
// threads call back, and only push to the queue.
#ifndef RBDKIT_RBD_IMAGE_WATCH_H_
#define RBDKIT_RBD_IMAGE_WATCH_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/subscription.h"
#include "rbd/image.h"

namespace rbdkit {

// UpdateWatch tells of each change of the image's header, without saying what has changed.
class UpdateWatch final : public Subscription {
 public:
  explicit UpdateWatch(std::shared_ptr<Image> image);
  ~UpdateWatch() override { Close(); }

  // Open() returns 0 or a negative errno. An executor's thread, as Close().
  int Open();
  int Close() override;

 private:
  const std::shared_ptr<Image> image_;
  uint64_t handle_ = 0;
  bool open_ = false;
};

// QuiesceWatch tells of a snapshot that somebody is about to make, who waits for Complete(), and of its end.
class QuiesceWatch final : public Subscription {
 public:
  static constexpr const char* kKind = "QuiesceWatch";

  // It has an executor of its own: completing must not wait behind the cluster's blocking calls, one of which
  // may be making the snapshot. JavaScript thread.
  explicit QuiesceWatch(std::shared_ptr<Image> image);
  ~QuiesceWatch() override { Close(); }

  // Open() returns 0 or a negative errno. An executor's thread, as the next two.
  int Open();
  // Complete() says that the snapshot may be made, or with a negative errno that it may not. It returns 0, or
  // -ENOENT when nobody waits for it.
  int Complete(int result);
  // Close() refuses the snapshot that waits for it, and waits for the snapshot's end: librbd (16.2.15) never
  // asks anybody again on an image whose watch goes before.
  int Close() override;

 private:
  static void OnQuiesce(void* watch);
  static void OnUnquiesce(void* watch);

  const std::shared_ptr<Image> image_;
  uint64_t handle_ = 0;
  bool open_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool waiting_ = false;   // guarded by mutex_: librbd waits for Complete()
  bool quiesced_ = false;  // guarded by mutex_: the snapshot's end is to come
  bool closing_ = false;   // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_WATCH_H_
