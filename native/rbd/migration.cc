// This file binds the live migration of an image, and its import from elsewhere. It runs on the cluster's
// executors.
#include "rbd/image_options.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

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
                        {"state", Code(status.state)},
                        {"description", status.state_description}});
}

// Not a row: what JavaScript calls it on is not C's first argument.
void RbdMigrationPrepareImport(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  Str source(call);
  Str image(call);
  ImageOptions options(call);
  call.Run(ioctx, [ioctx = ioctx.get(), source, image, options](Task& task) mutable {
    if (!RbdLoaded(task)) return;
    task.result = Rbd().rbd_migration_prepare_import(source.text.c_str(), ioctx->ioctx(), image.text.c_str(),
                                                     std::get<0>(options.C(task)));
  });
}

constexpr Binding rows[] = {
    Long(RBD(rbd_migration_prepare, IoCtx, Str, Ref<IoCtx>, Str, ImageOptions)),
    RBD(rbd_migration_execute_with_progress, IoCtx, Str, ProgressToTheEnd),
    // Ended early it would leave what is left of the source in the trash, read-only (16.2.15).
    RBD(rbd_migration_commit_with_progress, IoCtx, Str, ProgressToTheEnd),
    RBD(rbd_migration_abort_with_progress, IoCtx, Str, Progress),
    RBD(rbd_migration_status, IoCtx, Str,
        SizedOut<rbd_image_migration_status_t, Status, &RbdApi::rbd_migration_status_cleanup>),
};

}  // namespace

void ExportMigration(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_migration_prepare_import", RbdMigrationPrepareImport, Length::kLong);
}

}  // namespace rbdkit
