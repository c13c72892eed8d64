// A Watch delivers the notifications of one object to JavaScript; its callbacks run on librados's threads and
// only push to the queue.
#ifndef RBDKIT_RADOS_WATCH_H_
#define RBDKIT_RADOS_WATCH_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/subscription.h"
#include "rados/ioctx.h"

namespace rbdkit {

class Watch final : public Subscription {
 public:
  // A Watch has an executor of its own. Acknowledging must not wait behind the cluster's blocking calls, one
  // of which may itself be waiting for the acknowledgement. JavaScript thread.
  Watch(std::shared_ptr<IoCtx> ioctx, const std::string& object);
  ~Watch() override { Close(); }

  // Open() registers the watch and returns 0 or a negative errno. The cluster keeps the watch of a client
  // that is gone for `timeout` seconds; 0: its own default. Blocks: an executor's thread.
  int Open(uint32_t timeout);
  // Close() ends the listener's slot, unregisters and waits for callbacks. Blocks: an executor's thread.
  int Close() override;

  // Executor's threads.
  int Acknowledge(uint64_t notify_id, const std::string& payload);
  int Check();  // milliseconds since the cluster confirmed the watch, or a negative errno

  uint64_t cookie() const { return cookie_; }

 private:
  static void OnNotify(void* arg, uint64_t notify_id, uint64_t cookie, uint64_t notifier, void* data,
                       size_t length);
  static void OnError(void* arg, uint64_t cookie, int error);

  const std::shared_ptr<IoCtx> ioctx_;
  const std::string object_;
  uint64_t cookie_ = 0;
  bool open_ = false;
  std::atomic<bool> lost_{false};
};

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_WATCH_H_
