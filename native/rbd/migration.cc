// Live migration of an image.
#include "core/call.h"
#include "rbd/rbd.h"
#include "sys/rbd.h"

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

struct End {
  std::string pool;
  std::string name_space;
  std::string image;
  std::string id;

  Napi::Object ToObject(Napi::Env env) const {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pool", pool);
    object.Set("namespace", name_space);
    object.Set("image", image);
    object.Set("id", id);
    return object;
  }
};

void RbdMigrationStatus(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), name](Task& task) {
    if (!RbdLoaded(task)) return;
    rbd_image_migration_status_t status = {};
    task.result = Rbd().rbd_migration_status(ioctx->ioctx(), name.c_str(), &status, sizeof(status));
    if (task.result < 0) return;
    // The source of an import has no pool.
    const auto pool = [ioctx](int64_t id) { return id < 0 ? std::string() : PoolName(*ioctx, id); };
    const End source = {pool(status.source_pool_id), status.source_pool_namespace, status.source_image_name,
                        status.source_image_id};
    const End dest = {pool(status.dest_pool_id), status.dest_pool_namespace, status.dest_image_name,
                      status.dest_image_id};
    const std::string state = StateName(status.state);
    Rbd().rbd_migration_status_cleanup(&status);
    task.value = [source, dest, state](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("source", source.ToObject(env));
      object.Set("dest", dest.ToObject(env));
      object.Set("state", state);
      return object;
    };
  });
}

}  // namespace

void ExportMigration(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_migration_status", RbdMigrationStatus);
}

}  // namespace rbdkit
