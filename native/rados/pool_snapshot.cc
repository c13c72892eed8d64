// Snapshots of a whole pool, and of single objects by numbers that the client keeps, on the cluster's
// executors. The numbers themselves are made and removed asynchronously (object_io.cc).
#include <cerrno>
#include <ctime>
#include <utility>
#include <vector>

#include "rados/kinds.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

Value Milliseconds(const time_t& seconds) { return Value::Number(1000 * seconds); }

// rados_ioctx_snap_list(slot, ioctx)
void RadosIoctxSnapList(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    std::vector<rados_snap_t> ids(64);
    for (;;) {
      task.result = Rados().rados_ioctx_snap_list(ioctx->ioctx(), ids.data(), static_cast<int>(ids.size()));
      if (task.result != -ERANGE) break;
      ids.resize(2 * ids.size());
    }
    if (task.result < 0) return;
    ids.resize(static_cast<size_t>(task.result));
    std::vector<Value> values;
    for (const rados_snap_t id : ids) values.push_back(Value::BigInt(static_cast<uint64_t>(id)));
    task.value = Value::List(std::move(values));
  });
}

constexpr Binding rows[] = {
    RADOS(rados_ioctx_snap_create, IoCtx, Str),
    RADOS(rados_ioctx_snap_remove, IoCtx, Str),
    RADOS(rados_ioctx_snap_rollback, IoCtx, Str, Str),
    RADOS(rados_ioctx_snap_lookup, IoCtx, Str, Out<rados_snap_t, Big<rados_snap_t>>),
    RADOS(rados_ioctx_snap_get_name, IoCtx, Num<rados_snap_t>, TextBuffer<256, int>),
    RADOS(rados_ioctx_snap_get_stamp, IoCtx, Num<rados_snap_t>, Out<time_t, Milliseconds>),
    RADOS(rados_ioctx_selfmanaged_snap_rollback, IoCtx, Str, Num<rados_snap_t>),
};

}  // namespace

void ExportPoolSnapshot(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rados_ioctx_snap_list", RadosIoctxSnapList);
}

}  // namespace rbdkit
