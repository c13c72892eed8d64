// These rows list librbd's settings in force for an image or a pool, and where each comes from. They run on
// the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

Value Setting(const rbd_config_option_t& option) {
  static constexpr const char* sources[] = {"config", "pool", "image"};
  const auto source = static_cast<size_t>(option.source);
  return Value::List({option.name, option.value, source < 3 ? sources[source] : "config"});
}

constexpr Binding rows[] = {
    RBD(rbd_config_image_list, Image,
        OutList<rbd_config_option_t, Setting, &RbdApi::rbd_config_image_list_cleanup, int>),
    RBD(rbd_config_pool_list, IoCtx,
        OutList<rbd_config_option_t, Setting, &RbdApi::rbd_config_pool_list_cleanup, int>),
};

}  // namespace

void ExportConfig(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
