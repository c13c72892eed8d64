// A Subscription brings what C's callbacks tell to one listener in JavaScript: callbacks of any thread only
// push to the queue, and the JavaScript thread delivers.
#ifndef RBDKIT_CORE_SUBSCRIPTION_H_
#define RBDKIT_CORE_SUBSCRIPTION_H_

#include <napi.h>

#include <cstdint>
#include <deque>
#include <mutex>

#include "core/completion_queue.h"
#include "core/handle.h"
#include "core/value.h"

namespace rbdkit {

// Base of watches and events. Close() of a subclass calls End() and then waits for callbacks.
class Subscription : public Handle {
 public:
  using Handle::Handle;

  // From now on events go to `slot` of `queue`, those that came before first; End() settles the slot.
  // JavaScript thread.
  void Listen(CompletionQueue& queue, uint32_t slot);

 protected:
  // Tells the listener; what comes after End() is dropped. Any thread.
  void Deliver(Value value);
  // The listener hears nothing from now on. Any thread.
  void End();

 private:
  void Post(Value value, Completion::Kind kind);  // under mutex_

  std::mutex mutex_;
  std::deque<Value> early_;           // guarded by mutex_
  CompletionQueue* queue_ = nullptr;  // guarded by mutex_
  uint32_t slot_ = 0;                 // guarded by mutex_
  bool ended_ = false;                // guarded by mutex_
};

// Exports `listen(slot, subscription)`. It is no task: its slot stays until the subscription is closed, and
// nothing waits for it. The end of the environment closes the subscription instead. JavaScript thread.
void ExportSubscription(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_CORE_SUBSCRIPTION_H_
