// These rows initialise a pool for librbd and bind its namespaces. They run on the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

constexpr Binding rows[] = {
    Long(RBD(rbd_pool_init, IoCtx, Flag<bool, true>)), RBD(rbd_namespace_create, IoCtx, Str),
    Long(RBD(rbd_namespace_remove, IoCtx, Str)),       RBD(rbd_namespace_exists, IoCtx, Str, Out<bool>),
    RBD(rbd_namespace_list, IoCtx, OutNames<4096>),
};

}  // namespace

void ExportRbdPool(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
