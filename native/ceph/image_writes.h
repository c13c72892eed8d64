// An ImageWrites starts the writes of an image and completes them, also those that librbd does not complete.
// Any thread uses it; librbd's threads complete.
#ifndef RBDKIT_CEPH_IMAGE_WRITES_H_
#define RBDKIT_CEPH_IMAGE_WRITES_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "ceph/image_io.h"

namespace rbdkit::copy {

// An ImageWrites knows the writes of one image that are under way. With zero-copy writes librbd (16.2.15) may
// leave a write that has failed uncompleted. Its result can be read all the same, and Reap() does that
// (docs/decisions/0020).
class ImageWrites {
 public:
  ImageWrites() : state_(std::make_shared<State>()) {}

  // Start() starts an rbd_aio_xxx call for `done`, as StartAio() does. Any thread.
  template <typename Call>
  void Start(Operation* done, Call call) {
    auto* const write = new Write{state_, done};
    int r = Rbd().rbd_aio_create_completion(write, Finish, &write->completion);
    if (r >= 0) {
      Add(write);
      r = call(write->completion);
      if (r >= 0) return;
      Remove(write);
      Rbd().rbd_aio_release(write->completion);
    }
    delete write;
    done->Complete(r);
  }

  // Reap() completes what has failed without librbd's saying so. It is called now and then while something is
  // waited for. Any thread.
  void Reap();
  // lost() says that there was something to reap, so buffers are not known to be free.
  bool lost() const { return Lost() != 0; }

  // Await() makes a blocking call of librbd's that waits for writes. It returns what the call returns, or the
  // error of a write that was reaped. The call goes on then, on a thread that nobody waits for.
  int Await(std::function<int()> call);

  // Close() closes the image and returns 0 or a negative errno. An image that cannot be closed, because
  // librbd waits for what was reaped, is left to the process's end, and its connection with it.
  int Close(rados_ioctx_t ioctx, OpenImage* image);

 private:
  using Clock = std::chrono::steady_clock;
  struct Write;
  struct State {
    std::mutex mutex;
    std::unordered_set<Write*> writes;  // guarded by mutex
    int lost = 0;                       // the first error; guarded by mutex
  };
  struct Write {
    std::shared_ptr<State> state;  // librbd may be later than all else
    Operation* done;               // nullptr: reaped; guarded by the state's mutex
    rbd_completion_t completion = nullptr;
    Clock::time_point failed{};  // when that was seen; guarded by the state's mutex
  };

  static void Finish(rbd_completion_t completion, void* write);
  static void Add(Write* write);
  static Operation* Remove(Write* write);
  int Lost() const;

  const std::shared_ptr<State> state_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_IMAGE_WRITES_H_
