// A LockWatch hears what librbd's clients tell each other of an image's exclusive lock. librbd's C API has no
// callback for that, so the image's header is watched as librbd itself does. librados's threads call back;
// they acknowledge and push to the queue.
#include <endian.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ceph/image_io.h"
#include "core/subscription.h"
#include "rbd/row.h"
#include "sys/rados.h"

namespace rbdkit {

namespace {

// A message begins with its version, the oldest one that reads it, its length, and its kind in four bytes; of
// the first three kinds the client's id follows in eight (src/librbd/WatchNotifyTypes.cc of Ceph).
constexpr size_t kKindAt = 6;
constexpr size_t kClientAt = 10;
constexpr size_t kEnd = 18;
constexpr const char* kKinds[] = {"acquired", "released", "requested"};

class LockWatch final : public Subscription {
 public:
  explicit LockWatch(const std::shared_ptr<Image>& image)
      : Subscription(image->shared_executors(), "lock watch of " + image->label()), image_(image) {}
  ~LockWatch() override { Close(); }

  // Open() returns 0 or a negative errno. An executor's thread, as Close().
  int Open() {
    std::string id;
    if (const copy::Error error = copy::ImageId(image_->image(), &id)) return error.result;
    header_ = "rbd_header." + id;
    const int r = Rados().rados_watch3(ioctx(), header_.c_str(), &cookie_, OnNotify, OnError, 0, this);
    open_ = r >= 0;
    return r;
  }

  int Close() override {
    if (!open_) return 0;
    open_ = false;
    End();
    const int r = Rados().rados_unwatch2(ioctx(), cookie_);
    Rados().rados_watch_flush(image_->ioctx()->cluster()->rados());  // waits for callbacks
    return lost_ || r == -ENOENT || r == -ENOTCONN ? 0 : r;
  }

 private:
  rados_ioctx_t ioctx() const { return image_->ioctx()->ioctx(); }

  // librados's thread. It does not wait for the cluster: those who tell wait for the acknowledgement.
  static void OnNotify(void* watch, uint64_t notify_id, uint64_t cookie, uint64_t /*notifier*/, void* data,
                       size_t length) {
    auto* self = static_cast<LockWatch*>(watch);
    Rados().rados_notify_ack(self->ioctx(), self->header_.c_str(), notify_id, cookie, nullptr, 0);
    if (length < kEnd) return;
    const char* const bytes = static_cast<const char*>(data);
    uint32_t kind = 0;
    uint64_t client = 0;
    memcpy(&kind, bytes + kKindAt, sizeof kind);
    memcpy(&client, bytes + kClientAt, sizeof client);
    kind = le32toh(kind);
    if (kind >= std::size(kKinds)) return;
    self->Deliver(Value::List({kKinds[kind], "client." + std::to_string(le64toh(client))}));
  }

  // librados's thread.
  static void OnError(void* watch, uint64_t /*cookie*/, int error) {
    auto* self = static_cast<LockWatch*>(watch);
    self->lost_ = true;
    self->Deliver(Value(error));
  }

  const std::shared_ptr<Image> image_;
  std::string header_;
  uint64_t cookie_ = 0;
  bool open_ = false;
  std::atomic<bool> lost_{false};
};

void WatchLock(Call& call) {
  auto watch = std::make_shared<LockWatch>(call.Handle<Image>());
  call.Run(watch->executor(), [watch](Task& task) {
    task.result = watch->Open();
    if (task.result >= 0) task.value = Value::Opened(watch);
  });
}

}  // namespace

void ExportLockWatch(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_lock_watch", WatchLock);
}

}  // namespace rbdkit
