// This file notifies the watchers of an object, on the threads that its ioctx has for that.
#include <cerrno>
#include <utility>

#include "core/call.h"
#include "core/value.h"
#include "rados/ioctx.h"
#include "rados/notify_reply.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

Value Watchers(const std::vector<NotifyReply::Watcher>& watchers, bool with_payload) {
  std::vector<Value> list;
  for (const auto& watcher : watchers) {
    std::vector<Value::Field> fields = {{"clientId", Value::BigInt(watcher.client)},
                                        {"cookie", Value::BigInt(watcher.cookie)}};
    if (with_payload) fields.emplace_back("payload", Value::Bytes(watcher.payload));
    list.push_back(Value::Fields(std::move(fields)));
  }
  return Value::List(std::move(list));
}

// RadosNotify2() waits for the watchers on threads of the ioctx's own, because a watcher of this process must
// still find a thread to answer on.
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
    // Watchers that did not answer are part of the answer. Without any, it was the cluster that did not
    // answer.
    if (r < 0 && !(r == -ETIMEDOUT && decoded && !reply.timed_out.empty())) {
      task.result = r;
      return;
    }
    if (!decoded) {
      task.result = -EBADMSG;
      return;
    }
    task.value = Value::Fields(
        {{"replies", Watchers(reply.acknowledged, true)}, {"timedOut", Watchers(reply.timed_out, false)}});
  });
}

}  // namespace

void ExportNotify(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_notify2", RadosNotify2);
}

}  // namespace rbdkit
