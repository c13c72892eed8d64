// What an image is: size, layout, features, times.
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

struct Info {
  rbd_image_info_t stat = {};
  std::string id;
  std::string name;
  std::string prefix;
  uint64_t features = 0;
  uint64_t flags = 0;
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

Napi::Value ToObject(Napi::Env env, const Info& info) {
  Napi::Object object = Napi::Object::New(env);
  const auto number = [&](const char* name, double value) {
    object.Set(name, Napi::Number::New(env, value));
  };
  object.Set("id", info.id);
  object.Set("name", info.name);
  object.Set("blockNamePrefix", info.prefix);
  number("size", static_cast<double>(info.stat.size));
  number("objectSize", static_cast<double>(info.stat.obj_size));
  number("objects", static_cast<double>(info.stat.num_objs));
  number("order", info.stat.order);
  number("stripeUnit", static_cast<double>(info.stripe_unit));
  number("stripeCount", static_cast<double>(info.stripe_count));
  number("overlap", static_cast<double>(info.overlap));
  number("createdMs", Milliseconds(info.created));
  number("modifiedMs", Milliseconds(info.modified));
  number("accessedMs", Milliseconds(info.accessed));
  object.Set("features", Napi::BigInt::New(env, info.features));
  object.Set("flags", Napi::BigInt::New(env, info.flags));
  object.Set("dataPoolId", Napi::BigInt::New(env, info.data_pool));
  return object;
}

void RbdStat(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    Info info;
    task.result = Read(image->image(), &info);
    task.value = [info](Napi::Env env) { return ToObject(env, info); };
    if (task.result < 0) task.value = nullptr;
  });
}

void RbdGetSize(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    uint64_t size = 0;
    uint64_t flags = 0;
    // A snapshot that was removed has no flags (ENOENT), but a size: 0.
    task.result = Rbd().rbd_get_flags(image->image(), &flags);
    if (task.result >= 0) task.result = image->size().Ask(image->image(), &size);
    if (task.result >= 0) task.value = NumberValue(static_cast<double>(size));
  });
}

void RbdWatchersList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    size_t count = 16;
    std::vector<rbd_image_watcher_t> list;
    do {
      list.resize(count);
      task.result = Rbd().rbd_watchers_list(image->image(), list.data(), &count);
    } while (task.result == -ERANGE);
    if (task.result < 0) return;
    struct Watcher {
      std::string address;
      int64_t id;
      uint64_t cookie;
    };
    std::vector<Watcher> watchers;
    for (size_t i = 0; i < count; ++i) watchers.push_back({list[i].addr, list[i].id, list[i].cookie});
    Rbd().rbd_watchers_list_cleanup(list.data(), count);
    task.value = [watchers](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, watchers.size());
      for (uint32_t i = 0; i < watchers.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("address", watchers[i].address);
        object.Set("id", Napi::BigInt::New(env, watchers[i].id));
        object.Set("cookie", Napi::BigInt::New(env, watchers[i].cookie));
        array[i] = object;
      }
      return array;
    };
  });
}

}  // namespace

void ExportImageInfo(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_stat", RbdStat);
  ExportTask(env, exports, "rbd_get_size", RbdGetSize);
  ExportTask(env, exports, "rbd_watchers_list", RbdWatchersList);
}

}  // namespace rbdkit
