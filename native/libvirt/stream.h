// A Stream is one virStream: bytes between JavaScript and a volume, a console or the like. It has threads of
// its own, because it waits for as long as the other side says nothing.
#ifndef RBDKIT_LIBVIRT_STREAM_H_
#define RBDKIT_LIBVIRT_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "core/handle.h"
#include "core/task.h"
#include "libvirt/connection.h"
#include "libvirt/stream_watch.h"

namespace rbdkit {

// libvirt's stream does not block; the event loop says when to try again. A blocking one could not be taken
// back, as when a console is silent.
class Stream final : public Handle {
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
  // SendAll() sets the task's result when it fails.
  bool SendAll(Task& task, const char* bytes, size_t size);

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<StreamWatch> watch_ = std::make_shared<StreamWatch>();
  virStreamPtr stream_ = nullptr;
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_STREAM_H_
