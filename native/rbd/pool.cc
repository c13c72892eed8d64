// This file binds what librbd keeps of a whole pool: its namespaces, what its images add up to, its metadata.
// It runs on the cluster's executors.
#include <array>
#include <cerrno>
#include <memory>

#include "ceph/image_lists.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

// An OutStats is librbd's object of what a pool's images add up to, which it fills in.
struct OutStats {
  static constexpr const char* kKind = "";
  static constexpr std::array<const char*, 8> kNames = {
      "images",      "provisionedBytes",      "maxProvisionedBytes",      "snapshots",
      "trashImages", "trashProvisionedBytes", "trashMaxProvisionedBytes", "trashSnapshots"};
  explicit OutStats(Call& /*call*/) {}
  auto C(Task& /*task*/) {
    rbd_pool_stats_t made = nullptr;
    Rbd().rbd_pool_stats_create(&made);
    options.reset(made, Rbd().rbd_pool_stats_destroy);
    // In the order of rbd_pool_stat_option_t.
    for (size_t i = 0; i < kNames.size(); ++i) {
      Rbd().rbd_pool_stats_option_add_uint64(made, static_cast<int>(i), &found[i]);
    }
    return std::make_tuple(made);
  }
  Value Take() {
    std::vector<Value::Field> fields;
    for (size_t i = 0; i < kNames.size(); ++i) fields.emplace_back(kNames[i], Value::Number(found[i]));
    return Value::Fields(std::move(fields));
  }
  std::shared_ptr<void> options;
  std::array<uint64_t, kNames.size()> found{};
};

void RbdPoolMetadataList(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string after = call.String();
  const uint64_t most = call.Uint64();
  call.Run(ioctx, [ioctx = ioctx.get(), after, most](Task& task) {
    if (!RbdLoaded(task)) return;
    copy::Metadata metadata;
    task.result = copy::ListPoolMetadata(ioctx->ioctx(), after, most, &metadata).result;
    if (task.result < 0) return;
    std::vector<Value> pairs;
    for (const auto& [key, value] : metadata) pairs.push_back(Value::List({key, value}));
    task.value = Value::List(std::move(pairs));
  });
}

constexpr Binding rows[] = {
    Long(RBD(rbd_pool_init, IoCtx, Flag<bool, true>)),
    Long(RBD(rbd_pool_stats_get, IoCtx, OutStats)),
    RBD(rbd_namespace_create, IoCtx, Str),
    Long(RBD(rbd_namespace_remove, IoCtx, Str)),
    RBD(rbd_namespace_exists, IoCtx, Str, Out<bool>),
    RBD(rbd_namespace_list, IoCtx, OutNames<4096>),
    // The value is undefined when there is no such key.
    RBD(rbd_pool_metadata_get, IoCtx, Str, OutStr<4096>, NoneIf<ENOENT>),
    RBD(rbd_pool_metadata_set, IoCtx, Str, Str),
    RBD(rbd_pool_metadata_remove, IoCtx, Str),
};

}  // namespace

void ExportRbdPool(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_pool_metadata_list", RbdPoolMetadataList);
}

}  // namespace rbdkit
