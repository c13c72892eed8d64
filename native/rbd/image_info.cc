// This file tells what an image is: its size, layout, features and times. It runs on the cluster's executors.
#include <cerrno>

#include "rbd/row.h"

namespace rbdkit {

namespace {

struct Info {
  rbd_image_info_t stat = {};
  std::string id;
  std::string name;
  std::string prefix;
  uint64_t features = 0;
  uint64_t operations = 0;
  uint64_t flags = 0;
  uint8_t old_format = 0;
  uint64_t stripe_unit = 0;
  uint64_t stripe_count = 0;
  uint64_t overlap = 0;
  int64_t data_pool = -1;
  timespec created = {};
  timespec modified = {};
  timespec accessed = {};
};

int Read(rbd_image_t image, Info* info) {
  int r = Rbd().rbd_stat(image, &info->stat, sizeof(info->stat));
  if (r >= 0) r = GetName(image, &info->name);
  char buffer[256];
  if (r >= 0) r = Rbd().rbd_get_block_name_prefix(image, buffer, sizeof(buffer));
  if (r >= 0) info->prefix = buffer;
  if (r >= 0) r = Rbd().rbd_get_features(image, &info->features);
  if (r >= 0) r = Rbd().rbd_get_op_features(image, &info->operations);
  if (r >= 0) r = Rbd().rbd_get_old_format(image, &info->old_format);
  if (r >= 0) r = Rbd().rbd_get_flags(image, &info->flags);
  if (r >= 0) r = Rbd().rbd_get_stripe_unit(image, &info->stripe_unit);
  if (r >= 0) r = Rbd().rbd_get_stripe_count(image, &info->stripe_count);
  if (r >= 0) r = Rbd().rbd_get_overlap(image, &info->overlap);
  if (r < 0) return r;
  info->data_pool = Rbd().rbd_get_data_pool_id(image);
  // Images of format 1 have neither an id nor times.
  if (Rbd().rbd_get_id(image, buffer, sizeof(buffer)) >= 0) info->id = buffer;
  Rbd().rbd_get_create_timestamp(image, &info->created);
  Rbd().rbd_get_modify_timestamp(image, &info->modified);
  Rbd().rbd_get_access_timestamp(image, &info->accessed);
  return 0;
}

Value Describe(const Info& info) {
  return Value::Fields({{"id", info.id},
                        {"name", info.name},
                        {"blockNamePrefix", info.prefix},
                        {"size", Value::Number(info.stat.size)},
                        {"objectSize", Value::Number(info.stat.obj_size)},
                        {"objects", Value::Number(info.stat.num_objs)},
                        {"order", info.stat.order},
                        {"stripeUnit", Value::Number(info.stripe_unit)},
                        {"stripeCount", Value::Number(info.stripe_count)},
                        {"overlap", Value::Number(info.overlap)},
                        {"createdMs", Milliseconds(info.created)},
                        {"modifiedMs", Milliseconds(info.modified)},
                        {"accessedMs", Milliseconds(info.accessed)},
                        {"features", Value::BigInt(info.features)},
                        {"operations", Value::BigInt(info.operations)},
                        {"format", info.old_format != 0 ? 1 : 2},
                        {"flags", Value::BigInt(info.flags)},
                        {"dataPoolId", Value::BigInt(info.data_pool)}});
}

void RbdStat(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    Info info;
    task.result = Read(image->image(), &info);
    if (task.result >= 0) task.value = Describe(info);
  });
}

void RbdGetSize(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    uint64_t size = 0;
    uint64_t flags = 0;
    // A snapshot that was removed has no flags (ENOENT), but a size, which is 0.
    task.result = Rbd().rbd_get_flags(image->image(), &flags);
    if (task.result >= 0) task.result = image->size().Ask(image->image(), &size);
    if (task.result >= 0) task.value = Value::Number(size);
  });
}

Value Watcher(const rbd_image_watcher_t& watcher) {
  return Value::Fields({{"address", watcher.addr},
                        {"id", Value::BigInt(watcher.id)},
                        {"cookie", Value::BigInt(watcher.cookie)}});
}

constexpr Binding rows[] = {
    // The value is undefined when the image is not the destination of a migration.
    RBD(rbd_get_migration_source_spec, Image, OutStr<4096>, NoneIf<EINVAL>),
    RBD(rbd_watchers_list, Image, OutList<rbd_image_watcher_t, Watcher, &RbdApi::rbd_watchers_list_cleanup>),
};

}  // namespace

void ExportImageInfo(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_stat", RbdStat);
  ExportTask(env, exports, "rbd_get_size", RbdGetSize);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
