// This file turns a layout into librbd's options.
#include "rbd/image_options.h"

#include <optional>
#include <string>
#include <utility>

#include "core/read.h"

namespace rbdkit {

copy::LayoutRequest ToLayoutRequest(Napi::Object object) {
  copy::LayoutRequest request;
  request.order = ToOptionalUint64(object.Get("order"));
  request.features = ToOptionalUint64(object.Get("features"));
  request.stripe_unit = ToOptionalUint64(object.Get("stripeUnit"));
  request.stripe_count = ToOptionalUint64(object.Get("stripeCount"));
  request.clone_format = ToOptionalUint64(object.Get("cloneFormat"));
  request.features_set = ToOptionalUint64(object.Get("featuresSet"));
  request.features_clear = ToOptionalUint64(object.Get("featuresClear"));
  request.journal_order = ToOptionalUint64(object.Get("journalOrder"));
  request.journal_splay_width = ToOptionalUint64(object.Get("journalSplayWidth"));
  request.mirror_image_mode = ToOptionalUint64(object.Get("mirrorImageMode"));
  request.flatten = ToOptionalUint64(object.Get("flatten"));
  const auto name = [object](const char* key, std::optional<std::string>* text) {
    if (std::string given = ToText(object.Get(key)); !given.empty()) *text = std::move(given);
  };
  name("dataPool", &request.data_pool);
  name("journalPool", &request.journal_pool);
  return request;
}

}  // namespace rbdkit
