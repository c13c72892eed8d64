// A StreamWatch knows which directions of a virStream are ready. The event loop tells it, the stream's
// threads wait for it.
#ifndef RBDKIT_LIBVIRT_STREAM_WATCH_H_
#define RBDKIT_LIBVIRT_STREAM_WATCH_H_

#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/task.h"
#include "sys/libvirt.h"

namespace rbdkit {

// It is what the event loop may hold last of a stream, and so it owns nothing whose end blocks: the stream is
// aborted and freed by the one that has opened it.
class StreamWatch final : public std::enable_shared_from_this<StreamWatch> {
 public:
  // Begin() has libvirt tell of the stream; 0, or -1 with libvirt's error.
  int Begin(virStreamPtr stream);
  // End() comes before the stream is freed, for the event loop may still be calling.
  void End();

  // Wait() waits until the direction, VIR_STREAM_EVENT_READABLE or _WRITABLE, is ready. False: the task was
  // cancelled, and has its result. Blocks: the stream's threads.
  bool Wait(Task& task, int event);

 private:
  // A Side is what waits for one direction.
  struct Side {
    int event;
    bool ready = false;  // guarded by mutex_
    bool waits = false;  // guarded by mutex_
  };

  static void OnEvent(virStreamPtr stream, int events, void* watch);
  void Update();  // under mutex_

  std::mutex mutex_;
  std::condition_variable changed_;
  virStreamPtr stream_ = nullptr;           // guarded by mutex_; nullptr: before and after
  Side reader_{VIR_STREAM_EVENT_READABLE};  // guarded by mutex_
  Side writer_{VIR_STREAM_EVENT_WRITABLE};  // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_STREAM_WATCH_H_
