// These rows bind the live migration of an image. They run on the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

const char* StateName(rbd_image_migration_state_t state) {
  switch (state) {
    case RBD_IMAGE_MIGRATION_STATE_ERROR:
      return "error";
    case RBD_IMAGE_MIGRATION_STATE_PREPARING:
      return "preparing";
    case RBD_IMAGE_MIGRATION_STATE_PREPARED:
      return "prepared";
    case RBD_IMAGE_MIGRATION_STATE_EXECUTING:
      return "executing";
    case RBD_IMAGE_MIGRATION_STATE_EXECUTED:
      return "executed";
    case RBD_IMAGE_MIGRATION_STATE_ABORTING:
      return "aborting";
    case RBD_IMAGE_MIGRATION_STATE_UNKNOWN:
      break;
  }
  return "unknown";
}

Value End(const IoCtx& ioctx, int64_t pool, const char* name_space, const char* image, const char* id) {
  // The source of an import has no pool.
  return Value::Fields({{"pool", pool < 0 ? std::string() : PoolName(ioctx, pool)},
                        {"namespace", name_space},
                        {"image", image},
                        {"id", id}});
}

Value Status(const rbd_image_migration_status_t& status, const IoCtx& ioctx) {
  return Value::Fields({{"source", End(ioctx, status.source_pool_id, status.source_pool_namespace,
                                       status.source_image_name, status.source_image_id)},
                        {"dest", End(ioctx, status.dest_pool_id, status.dest_pool_namespace,
                                     status.dest_image_name, status.dest_image_id)},
                        {"state", StateName(status.state)}});
}

constexpr Binding rows[] = {
    RBD(rbd_migration_status, IoCtx, Str,
        SizedOut<rbd_image_migration_status_t, Status, &RbdApi::rbd_migration_status_cleanup>),
};

}  // namespace

void ExportMigration(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
