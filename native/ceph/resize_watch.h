// A ResizeWatch tells whether anybody has asked for an image to be resized. Its calls block on a job's
// thread; its callbacks run on librados's.
#ifndef RBDKIT_CEPH_RESIZE_WATCH_H_
#define RBDKIT_CEPH_RESIZE_WATCH_H_

#include <rados/librados.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "disk/error.h"

namespace rbdkit::copy {

// Who holds an image's exclusive lock does for others what needs it, and librbd does not ask whether it may:
// an image that is shrunk and grown again has its size and has lost data. The request comes as a
// notification, which all who watch the image's header get (docs/decisions/0023).
class ResizeWatch {
 public:
  ResizeWatch() = default;
  ~ResizeWatch() { Stop(); }
  ResizeWatch(const ResizeWatch&) = delete;
  ResizeWatch& operator=(const ResizeWatch&) = delete;

  // Start() watches the image with that id (not of format 1), in the ioctx's pool and namespace. The ioctx is
  // borrowed.
  Error Start(rados_ioctx_t ioctx, const std::string& id);
  bool started() const { return cookie_ != 0; }
  // Ask() tells whether there was a request up to now. An error means that it cannot be told, because the
  // watch was lost. Blocks.
  Error Ask(bool* asked) const;
  void Stop();

 private:
  static void OnNotify(void* watch, uint64_t notify_id, uint64_t cookie, uint64_t notifier, void* data,
                       size_t length);
  static void OnError(void* watch, uint64_t cookie, int error);

  rados_ioctx_t ioctx_ = nullptr;
  std::string object_;
  uint64_t cookie_ = 0;
  std::atomic<bool> asked_{false};
  std::atomic<int> lost_{0};
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_RESIZE_WATCH_H_
