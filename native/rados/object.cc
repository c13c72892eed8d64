// These functions bind small whole objects, which processes that work together leave for each other. They run
// on the cluster's executors.
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "rados/row.h"

namespace rbdkit {

namespace {

void RadosWriteOpCreate(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const bool exclusive = call.Bool();
  call.Run(ioctx, [ioctx = ioctx.get(), object, exclusive](Task& task) {
    const auto& rados = Rados();
    rados_write_op_t operation = rados.rados_create_write_op();
    rados.rados_write_op_create(operation, exclusive ? LIBRADOS_CREATE_EXCLUSIVE : LIBRADOS_CREATE_IDEMPOTENT,
                                nullptr);
    task.result = rados.rados_write_op_operate(operation, ioctx->ioctx(), object.c_str(), nullptr,
                                               LIBRADOS_OPERATION_NOFLAG);
    rados.rados_release_write_op(operation);
  });
}

void RadosRead(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const auto offset = call.Uint64();
  const auto length = static_cast<size_t>(call.Uint64());
  call.Run(ioctx, [ioctx = ioctx.get(), object, offset, length](Task& task) {
    std::string data(length, '\0');
    task.result = Rados().rados_read(ioctx->ioctx(), object.c_str(), data.data(), length, offset);
    if (task.result < 0) return;
    data.resize(static_cast<size_t>(task.result));
    task.value = Value::Bytes(std::move(data));
  });
}

void RadosLockExclusive(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const std::string name = call.String();
  const std::string cookie = call.String();
  const std::string description = call.String();
  const int64_t duration_ms = call.Int64();
  const bool renew = call.Bool();
  call.Run(ioctx, [ioctx = ioctx.get(), object, name, cookie, description, duration_ms, renew](Task& task) {
    timeval duration{};
    duration.tv_sec = duration_ms / 1000;
    duration.tv_usec = duration_ms % 1000 * 1000;
    task.result = Rados().rados_lock_exclusive(ioctx->ioctx(), object.c_str(), name.c_str(), cookie.c_str(),
                                               description.c_str(), duration_ms == 0 ? nullptr : &duration,
                                               renew ? LIBRADOS_LOCK_FLAG_RENEW : 0);
  });
}

Value Milliseconds(const time_t& seconds) { return Value::Number(1000 * seconds); }
Value MillisecondsOf(const timespec& time) {
  return Value::Number(1000 * time.tv_sec + time.tv_nsec / 1000000);
}

constexpr Binding rows[] = {
    RADOS(rados_write_full, IoCtx, Str, Bytes<>),
    RADOS(rados_stat, IoCtx, Str, Out<uint64_t>, Out<time_t, Milliseconds>),
    RADOS(rados_stat2, IoCtx, Str, Out<uint64_t>, Out<timespec, MillisecondsOf>),
    RADOS(rados_remove, IoCtx, Str),
    RADOS(rados_unlock, IoCtx, Str, Str, Str),
};

}  // namespace

void ExportObject(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rados_write_op_create", RadosWriteOpCreate);
  ExportTask(env, exports, "rados_read", RadosRead);
  ExportTask(env, exports, "rados_lock_exclusive", RadosLockExclusive);
}

}  // namespace rbdkit
