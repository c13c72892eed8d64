// Finish() runs on librbd's threads; Await() and Close() leave a thread behind when librbd does not come
// back.
#include "ceph/image_writes.h"

#include <pthread.h>

#include <condition_variable>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "sys/left_open.h"
#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

using std::chrono::milliseconds;

// A write is reaped only after this time, because one that fails in the ordinary way has its result a moment
// before it completes.
constexpr milliseconds kFailedFor{500};
constexpr milliseconds kLookAgain{250};
constexpr milliseconds kCloseTimeout{2000};

// An Outcome tells how a call ended that another thread makes.
struct Outcome {
  std::mutex mutex;
  std::condition_variable wake;
  std::optional<int> result;  // guarded by mutex
};

}  // namespace

void ImageWrites::Add(Write* write) {
  std::lock_guard<std::mutex> lock(write->state->mutex);
  write->state->writes.insert(write);
}

Operation* ImageWrites::Remove(Write* write) {
  std::lock_guard<std::mutex> lock(write->state->mutex);
  write->state->writes.erase(write);
  return write->done;
}

// Finish() is librbd's callback. It takes the result and queues it, no more.
void ImageWrites::Finish(rbd_completion_t completion, void* arg) {
  const std::unique_ptr<Write> write(static_cast<Write*>(arg));
  Operation* const done = Remove(write.get());
  const int64_t result = Rbd().rbd_aio_get_return_value(completion);
  Rbd().rbd_aio_release(completion);
  if (done != nullptr) done->Complete(result);
}

void ImageWrites::Reap() {
  std::vector<std::pair<Operation*, int64_t>> failed;
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    const Clock::time_point now = Clock::now();
    for (Write* const write : state_->writes) {
      if (write->done == nullptr) continue;
      const int64_t result = Rbd().rbd_aio_get_return_value(write->completion);
      if (result >= 0) continue;
      if (write->failed == Clock::time_point{}) write->failed = now;
      if (now - write->failed < kFailedFor) continue;
      if (state_->lost == 0) state_->lost = static_cast<int>(result);
      failed.emplace_back(std::exchange(write->done, nullptr), result);
    }
  }
  for (const auto& [done, result] : failed) done->Complete(result);
}

int ImageWrites::Await(std::function<int()> call) {
  const auto outcome = std::make_shared<Outcome>();
  try {
    std::thread([outcome, call] {
      pthread_setname_np(pthread_self(), "rbdkit-wait");
      const int result = call();
      std::lock_guard<std::mutex> lock(outcome->mutex);
      outcome->result = result;
      outcome->wake.notify_one();
    }).detach();
  } catch (const std::system_error&) {
    return call();  // no thread is to be had
  }
  std::unique_lock<std::mutex> lock(outcome->mutex);
  while (!outcome->wake.wait_for(lock, kLookAgain, [&outcome] { return outcome->result.has_value(); })) {
    Reap();
    if (const int lost = Lost()) return lost;
  }
  return *outcome->result;
}

int ImageWrites::Close(rados_ioctx_t ioctx, OpenImage* image) {
  if (!*image || !lost()) return image->Close();
  const Clock::time_point deadline = Clock::now() + kCloseTimeout;
  image->BeginClose();
  while (!image->closed()) {
    if (Clock::now() >= deadline) {
      image->Leave();
      LeaveOpen(Rados().rados_ioctx_get_cluster(ioctx));
      return -ETIMEDOUT;
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  image->EndClose();
  return 0;
}

int ImageWrites::Lost() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->lost;
}

}  // namespace rbdkit::copy
