// Watches are opened and closed on executors' threads.
#include "rbd/image_watch.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "core/call.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// When the client that makes a snapshot dies, librbd itself tells of the end, after ten attempts of five
// seconds each (rbd_quiesce_notification_attempts).
constexpr std::chrono::seconds kPatience{60};

}  // namespace

UpdateWatch::UpdateWatch(std::shared_ptr<Image> image)
    : Subscription(image->shared_executors(), "update watch of " + image->label()),
      image_(std::move(image)) {}

int UpdateWatch::Open() {
  const auto tell = [](void* watch) { static_cast<UpdateWatch*>(watch)->Deliver(Value(true)); };
  const int r = Rbd().rbd_update_watch(image_->image(), &handle_, tell, this);
  open_ = r >= 0;
  return r;
}

int UpdateWatch::Close() {
  if (!open_) return 0;
  open_ = false;
  End();
  return Rbd().rbd_update_unwatch(image_->image(), handle_);  // waits for callbacks
}

QuiesceWatch::QuiesceWatch(std::shared_ptr<Image> image)
    : Subscription(std::make_shared<Executors>("rbdkit-quiesce", 1, "rbdkit-quiesce", 1),
                   "quiesce watch of " + image->label()),
      image_(std::move(image)) {}

int QuiesceWatch::Open() {
  const int r = Rbd().rbd_quiesce_watch(image_->image(), OnQuiesce, OnUnquiesce, this, &handle_);
  open_ = r >= 0;
  return r;
}

// librbd's thread.
void QuiesceWatch::OnQuiesce(void* watch) {
  auto* self = static_cast<QuiesceWatch*>(watch);
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->waiting_ = self->quiesced_ = true;
    if (!self->closing_) return self->Deliver(Value("quiesce"));
  }
  self->Complete(-ECANCELED);
}

// librbd's thread.
void QuiesceWatch::OnUnquiesce(void* watch) {
  auto* self = static_cast<QuiesceWatch*>(watch);
  self->Deliver(Value("unquiesce"));
  std::lock_guard<std::mutex> lock(self->mutex_);
  self->quiesced_ = false;
  self->ended_.notify_all();  // under the lock: who waits may go at once
}

int QuiesceWatch::Complete(int result) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!std::exchange(waiting_, false)) return -ENOENT;
  }
  Rbd().rbd_quiesce_complete(image_->image(), handle_, result);
  return 0;
}

int QuiesceWatch::Close() {
  if (!open_) return 0;
  open_ = false;
  End();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  Complete(-ECANCELED);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    ended_.wait_for(lock, kPatience, [this] { return !quiesced_; });
  }
  return Rbd().rbd_quiesce_unwatch(image_->image(), handle_);
}

namespace {

template <typename Watch>
void OpenWatch(Call& call) {
  auto watch = std::make_shared<Watch>(call.Handle<Image>());
  call.Run(watch->executor(), [watch](Task& task) {
    task.result = watch->Open();
    if (task.result >= 0) task.value = Value::Opened(watch);
  });
}

void RbdQuiesceComplete(Call& call) {
  auto watch = call.Handle<QuiesceWatch>();
  const auto result = static_cast<int>(call.Int64());
  call.Run(watch, [watch = watch.get(), result](Task& task) { task.result = watch->Complete(result); });
}

}  // namespace

void ExportImageWatch(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_update_watch", OpenWatch<UpdateWatch>);
  ExportTask(env, exports, "rbd_quiesce_watch", OpenWatch<QuiesceWatch>);
  ExportTask(env, exports, "rbd_quiesce_complete", RbdQuiesceComplete);
}

}  // namespace rbdkit
