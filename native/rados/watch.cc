// Callbacks of a watch run on librados's threads and only push to the queue; its other calls run on the
// watch's executor.
#include "rados/watch.h"

#include <cerrno>
#include <utility>

#include "core/call.h"
#include "core/task.h"
#include "rados/rados.h"

namespace rbdkit {

Watch::Watch(std::shared_ptr<IoCtx> ioctx, const std::string& object)
    : Subscription(std::make_shared<Executors>("rbdkit-watch", 1, "rbdkit-watch", 1), "watch of " + object),
      ioctx_(std::move(ioctx)),
      object_(object) {}

int Watch::Open(uint32_t timeout) {
  const int r =
      Rados().rados_watch3(ioctx_->ioctx(), object_.c_str(), &cookie_, OnNotify, OnError, timeout, this);
  open_ = r >= 0;
  return r;
}

int Watch::Close() {
  if (!open_) return 0;
  open_ = false;
  End();
  const int r = Rados().rados_unwatch2(ioctx_->ioctx(), cookie_);
  // Whatever the cluster answered, librados calls no more for this watch, and what it is just calling has
  // ended.
  Rados().rados_watch_flush(ioctx_->cluster()->rados());
  // With the object, or with the connection, the watch was gone already.
  return lost_ || r == -ENOENT || r == -ENOTCONN ? 0 : r;
}

// OnNotify() runs on librados's thread, one callback of a watch at a time and in order.
void Watch::OnNotify(void* arg, uint64_t notify_id, uint64_t /*cookie*/, uint64_t notifier, void* data,
                     size_t length) {
  std::string payload(static_cast<const char*>(data), length);
  static_cast<Watch*>(arg)->Deliver(Value::Fields({{"id", Value::BigInt(notify_id)},
                                                   {"clientId", Value::BigInt(notifier)},
                                                   {"payload", Value::Bytes(std::move(payload))}}));
}

// librados's thread.
void Watch::OnError(void* arg, uint64_t /*cookie*/, int error) {
  auto* watch = static_cast<Watch*>(arg);
  watch->lost_ = true;
  watch->Deliver(Value(error));
}

int Watch::Acknowledge(uint64_t notify_id, const std::string& payload) {
  return Rados().rados_notify_ack(ioctx_->ioctx(), object_.c_str(), notify_id, cookie_, payload.data(),
                                  static_cast<int>(payload.size()));
}

int Watch::Check() { return Rados().rados_watch_check(ioctx_->ioctx(), cookie_); }

namespace {

void RadosWatch3(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const auto timeout = static_cast<uint32_t>(call.Int64());
  auto watch = std::make_shared<Watch>(ioctx, object);
  call.Run(watch->executor(), [watch, timeout](Task& task) {
    task.result = watch->Open(timeout);
    if (task.result < 0) return;
    task.value =
        Value::Fields({{"handle", Value::Opened(watch)}, {"cookie", Value::BigInt(watch->cookie())}});
  });
}

void RadosNotifyAck(Call& call) {
  auto watch = call.Handle<Watch>();
  const uint64_t notify_id = call.Uint64();
  const std::string payload = call.Bytes();
  call.Run(watch, [watch = watch.get(), notify_id, payload](Task& task) {
    task.result = watch->Acknowledge(notify_id, payload);
  });
}

void RadosWatchCheck(Call& call) {
  auto watch = call.Handle<Watch>();
  call.Run(watch, [watch = watch.get()](Task& task) {
    task.result = watch->Check();
    if (task.result >= 0) task.value = Value::Number(task.result);
  });
}

}  // namespace

void ExportWatch(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_watch3", RadosWatch3);
  ExportTask(env, exports, "rados_notify_ack", RadosNotifyAck);
  ExportTask(env, exports, "rados_watch_check", RadosWatchCheck);
}

}  // namespace rbdkit
