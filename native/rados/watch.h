// A watch on an object: notifications from other clients, on their way to one listener.
#ifndef RBDKIT_RADOS_WATCH_H_
#define RBDKIT_RADOS_WATCH_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "core/completion_queue.h"
#include "core/value.h"
#include "rados/ioctx.h"

namespace rbdkit {

class Watch final : public Handle {
 public:
  // JavaScript thread. An executor of its own: acknowledging must not wait behind the cluster's blocking
  // calls, one of which may itself be waiting for the acknowledgement.
  Watch(std::shared_ptr<IoCtx> ioctx, const std::string& object);
  ~Watch() override { Close(); }

  // `timeout` in seconds: how long the cluster keeps the watch of a client that is gone; 0: its own default.
  // 0 or a negative errno. Blocks: an executor's thread.
  int Open(uint32_t timeout);
  // Ends the listener's slot, unregisters, waits for callbacks. Blocks: an executor's thread.
  int Close() override;

  // From now on events go to `slot` of `queue`, those that came before first; Close() settles the slot.
  // JavaScript thread.
  void Listen(CompletionQueue& queue, uint32_t slot);

  // Executor's threads.
  int Acknowledge(uint64_t notify_id, const std::string& payload);
  int Check();  // milliseconds since the cluster confirmed the watch, or a negative errno

  uint64_t cookie() const { return cookie_; }

 private:
  static void OnNotify(void* arg, uint64_t notify_id, uint64_t cookie, uint64_t notifier, void* data,
                       size_t length);
  static void OnError(void* arg, uint64_t cookie, int error);
  void Deliver(Value value);
  void Post(Value value, Completion::Kind kind);  // under mutex_

  const std::shared_ptr<IoCtx> ioctx_;
  const std::string object_;
  uint64_t cookie_ = 0;
  bool open_ = false;
  std::mutex mutex_;
  std::deque<Value> early_;           // guarded by mutex_
  CompletionQueue* queue_ = nullptr;  // guarded by mutex_
  uint32_t slot_ = 0;                 // guarded by mutex_
  bool ended_ = false;                // guarded by mutex_
  bool lost_ = false;                 // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_WATCH_H_
