#include "rados/ioctx.h"

#include <cerrno>

#include "core/call.h"
#include "rados/rados.h"

namespace rbdkit {

int IoCtx::Open(const std::string& pool, const std::string& name_space) {
  const int r = Rados().rados_ioctx_create(cluster_->rados(), pool.c_str(), &ioctx_);
  if (r < 0) {
    ioctx_ = nullptr;
    return r;
  }
  Rados().rados_ioctx_set_namespace(ioctx_, name_space.c_str());
  // A full pool then answers EDQUOT or ENOSPC; without it every write waits for space, without end. Images
  // take the setting over when they are opened, so it comes first (docs/decisions/0003).
  if (Rados().rados_set_pool_full_try != nullptr) Rados().rados_set_pool_full_try(ioctx_);
  return 0;
}

int IoCtx::Close() {
  if (ioctx_ != nullptr) Rados().rados_ioctx_destroy(ioctx_);
  ioctx_ = nullptr;
  return 0;
}

namespace {

void RadosIoctxCreate(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string pool = call.String();
  const std::string name_space = call.String();
  auto ioctx = std::make_shared<IoCtx>(cluster, "pool " + pool);
  call.Run(cluster->executor(), [ioctx, pool, name_space](Task& task) {
    task.result = ioctx->Open(pool, name_space);
    if (task.result >= 0) task.value = HandleValue(ioctx);
  });
}

void RadosIoctxGetId(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    task.value = BigIntValue(static_cast<uint64_t>(Rados().rados_ioctx_get_id(ioctx->ioctx())));
  });
}

void RadosIoctxPoolStat(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    rados_pool_stat_t stat;
    task.result = Rados().rados_ioctx_pool_stat(ioctx->ioctx(), &stat);
    task.value = [stat](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      const auto set = [&](const char* name, uint64_t value) {
        object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
      };
      set("bytesUsed", stat.num_bytes);
      set("objects", stat.num_objects);
      set("objectClones", stat.num_object_clones);
      set("objectsDegraded", stat.num_objects_degraded);
      set("objectsUnfound", stat.num_objects_unfound);
      set("readOperations", stat.num_rd);
      set("bytesRead", stat.num_rd_kb * 1024);
      set("writeOperations", stat.num_wr);
      set("bytesWritten", stat.num_wr_kb * 1024);
      return object;
    };
  });
}

}  // namespace

void ExportIoCtx(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_ioctx_create", RadosIoctxCreate);
  ExportTask(env, exports, "rados_ioctx_get_id", RadosIoctxGetId);
  ExportTask(env, exports, "rados_ioctx_pool_stat", RadosIoctxPoolStat);
}

}  // namespace rbdkit
