// The consistency group that an image belongs to.
#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

void RbdGetGroup(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    rbd_group_info_t group = {};
    task.result = Rbd().rbd_get_group(image->image(), &group, sizeof(group));
    if (task.result < 0) return;
    const std::string name = group.name;
    const int64_t pool_id = group.pool;
    Rbd().rbd_group_info_cleanup(&group, sizeof(group));
    if (name.empty()) return;  // in no group: undefined
    const std::string pool = PoolName(*image->ioctx(), pool_id);
    task.value = [name, pool_id, pool](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("poolId", Napi::BigInt::New(env, pool_id));
      object.Set("pool", pool);
      object.Set("group", name);
      return object;
    };
  });
}

}  // namespace

void ExportGroup(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_get_group", RbdGetGroup);
}

}  // namespace rbdkit
