// Notifying the watchers of an object.
#include <cerrno>
#include <utility>

#include "core/call.h"
#include "rados/ioctx.h"
#include "rados/notify_reply.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

Napi::Array WatcherList(Napi::Env env, const std::vector<NotifyReply::Watcher>& watchers, bool with_payload) {
  Napi::Array list = Napi::Array::New(env, watchers.size());
  for (uint32_t i = 0; i < watchers.size(); ++i) {
    const auto& watcher = watchers[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("clientId", Napi::BigInt::New(env, watcher.client));
    object.Set("cookie", Napi::BigInt::New(env, watcher.cookie));
    if (with_payload) {
      object.Set("payload", Napi::Buffer<char>::Copy(env, watcher.payload.data(), watcher.payload.size()));
    }
    list[i] = object;
  }
  return list;
}

// Waits for the watchers: on the ioctx's own threads for that, because a watcher of this process must still
// find a thread to answer on.
void RadosNotify2(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const std::string payload = call.Bytes();
  const uint64_t timeout_ms = call.Uint64();
  call.Run(ioctx->notify_executor(), [ioctx, object, payload, timeout_ms](Task& task) {
    char* buffer = nullptr;
    size_t length = 0;
    const int r = Rados().rados_notify2(ioctx->ioctx(), object.c_str(), payload.data(),
                                        static_cast<int>(payload.size()), timeout_ms, &buffer, &length);
    NotifyReply reply;
    const bool decoded = buffer != nullptr && DecodeNotifyReply(buffer, length, &reply);
    if (buffer != nullptr) Rados().rados_buffer_free(buffer);
    // Watchers that did not answer are part of the answer; without any it was the cluster that did not.
    if (r < 0 && !(r == -ETIMEDOUT && decoded && !reply.timed_out.empty())) {
      task.result = r;
      return;
    }
    if (!decoded) {
      task.result = -EBADMSG;
      return;
    }
    task.value = [reply = std::move(reply)](Napi::Env env) -> Napi::Value {
      Napi::Object value = Napi::Object::New(env);
      value.Set("replies", WatcherList(env, reply.acknowledged, true));
      value.Set("timedOut", WatcherList(env, reply.timed_out, false));
      return value;
    };
  });
}

}  // namespace

void ExportNotify(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_notify2", RadosNotify2);
}

}  // namespace rbdkit
