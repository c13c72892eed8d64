// An ioctx is opened, and its rows run, on the cluster's executors.
#include "rados/ioctx.h"

#include <cerrno>

#include "rados/kinds.h"

namespace rbdkit {

int IoCtx::Open(const std::string& pool, const Settings& settings) {
  int r = Rados().rados_ioctx_create(cluster_->rados(), pool.c_str(), &ioctx_);
  if (r < 0) {
    ioctx_ = nullptr;
    return r;
  }
  Rados().rados_ioctx_set_namespace(ioctx_, settings.name_space.c_str());
  if (settings.locator) Rados().rados_ioctx_locator_set_key(ioctx_, settings.locator->c_str());
  // A full pool then answers EDQUOT or ENOSPC. Without this every write waits for space, without end. Images
  // take the setting over when they are opened, so it comes first (docs/decisions/0003).
  if (settings.full_try) Rados().rados_set_pool_full_try(ioctx_);
  rados_snap_t snapshot = settings.snapshot_id;
  if (settings.snapshot) r = Rados().rados_ioctx_snap_lookup(ioctx_, settings.snapshot->c_str(), &snapshot);
  if (r < 0) {
    Close();
    return r;
  }
  if (snapshot != 0) Rados().rados_ioctx_snap_set_read(ioctx_, snapshot);
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
  IoCtx::Settings settings;
  settings.name_space = call.String();
  settings.locator = call.OptionalString();
  settings.full_try = call.Bool();
  settings.snapshot = call.OptionalString();
  settings.snapshot_id = call.Uint64();
  auto ioctx = std::make_shared<IoCtx>(cluster, "pool " + pool);
  call.Run(cluster->executor(), [ioctx, pool, settings](Task& task) {
    task.result = ioctx->Open(pool, settings);
    if (task.result >= 0) task.value = Value::Opened(ioctx);
  });
}

void RadosIoctxGetId(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    task.value = Value::BigInt(static_cast<uint64_t>(Rados().rados_ioctx_get_id(ioctx->ioctx())));
  });
}

Value PoolStat(const rados_pool_stat_t& stat) {
  return Value::Fields({{"bytesUsed", Value::Number(stat.num_bytes)},
                        {"objects", Value::Number(stat.num_objects)},
                        {"objectClones", Value::Number(stat.num_object_clones)},
                        {"objectsDegraded", Value::Number(stat.num_objects_degraded)},
                        {"objectsUnfound", Value::Number(stat.num_objects_unfound)},
                        {"readOperations", Value::Number(stat.num_rd)},
                        {"bytesRead", Value::Number(stat.num_rd_kb * 1024)},
                        {"writeOperations", Value::Number(stat.num_wr)},
                        {"bytesWritten", Value::Number(stat.num_wr_kb * 1024)}});
}

constexpr Binding rows[] = {
    RADOS(rados_ioctx_pool_stat, IoCtx, Out<rados_pool_stat_t, PoolStat>),
    RADOS(rados_ioctx_get_pool_name, IoCtx, TextBuffer<256, unsigned>),
    RADOS(rados_ioctx_pool_requires_alignment2, IoCtx, Out<int, Truth<int>>),
    RADOS(rados_ioctx_pool_required_alignment2, IoCtx, Out<uint64_t>),
};

}  // namespace

void ExportIoCtx(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_ioctx_create", RadosIoctxCreate);
  ExportTask(env, exports, "rados_ioctx_get_id", RadosIoctxGetId);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
