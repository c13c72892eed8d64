// This row tells the consistency group that an image belongs to. It runs on the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

// The value is undefined when the image belongs to none.
Value Group(const rbd_group_info_t& group, const Image& image) {
  if (group.name == nullptr || *group.name == '\0') return Value();
  return Value::Fields({{"poolId", Value::BigInt(group.pool)},
                        {"pool", PoolName(*image.ioctx(), group.pool)},
                        {"group", group.name}});
}

constexpr Binding rows[] = {
    RBD(rbd_get_group, Image, SizedOut<rbd_group_info_t, Group, &RbdApi::rbd_group_info_cleanup>),
};

}  // namespace

void ExportGroup(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
