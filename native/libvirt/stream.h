// A Stream is one virStream: bytes between JavaScript and a volume, a console or the like. It has threads of
// its own, because it waits for as long as the other side says nothing.
#ifndef RBDKIT_LIBVIRT_STREAM_H_
#define RBDKIT_LIBVIRT_STREAM_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "core/handle.h"
#include "core/task.h"
#include "libvirt/connection.h"

namespace rbdkit {

// libvirt's stream does not block; the event loop says when to try again. A blocking one could not be taken
// back, as when a console is silent.
class Stream final : public Handle, public std::enable_shared_from_this<Stream> {
 public:
  Stream(std::shared_ptr<Connection> connection, const std::string& label);
  ~Stream() override { Close(); }

  // Open() makes the stream, for the function that begins to use it; 0, or -1 with libvirt's error.
  int Open();
  // Begin() comes after that function has succeeded, and Forget() after it has failed.
  int Begin();
  void Forget();

  // Each of these sets the task's result and value. Blocks: the stream's own threads.
  //
  // Receive() gives at most `most` bytes, the length of a hole, or undefined at the end.
  void Receive(Task& task, size_t most);
  void Send(Task& task, const std::string& bytes);
  void SendHole(Task& task, int64_t length);
  // SendFile() sends all of a file, and with `sparse` its holes as holes; the value is its size.
  void SendFile(Task& task, const std::string& path, bool sparse);
  // Finish() waits until the other side has taken all, and says whether it has.
  void Finish(Task& task);

  // Close() aborts what was not finished.
  int Close() override;

  virStreamPtr get() const { return stream_; }
  const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  // A Side is what waits for one direction.
  struct Side {
    int event;           // VIR_STREAM_EVENT_*
    bool ready = false;  // guarded by mutex_
    bool waits = false;  // guarded by mutex_
  };

  static void OnEvent(virStreamPtr stream, int events, void* opaque);
  // SendAll() sets the task's result when it fails.
  bool SendAll(Task& task, const char* bytes, size_t size);
  // Wait() waits until the side is ready. False: the task was cancelled.
  bool Wait(Task& task, Side& side);
  void Watch();

  const std::shared_ptr<Connection> connection_;
  virStreamPtr stream_ = nullptr;  // set to nothing under mutex_
  bool begun_ = false;
  bool finished_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  Side reader_{VIR_STREAM_EVENT_READABLE};
  Side writer_{VIR_STREAM_EVENT_WRITABLE};
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_STREAM_H_
