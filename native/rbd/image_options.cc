// This file turns a layout into librbd's options.
#include "rbd/image_options.h"

#include <string>

#include "core/read.h"

namespace rbdkit {

copy::LayoutRequest ToLayoutRequest(Napi::Object object) {
  copy::LayoutRequest request;
  request.order = ToOptionalUint64(object.Get("order"));
  request.features = ToOptionalUint64(object.Get("features"));
  request.stripe_unit = ToOptionalUint64(object.Get("stripeUnit"));
  request.stripe_count = ToOptionalUint64(object.Get("stripeCount"));
  request.clone_format = ToOptionalUint64(object.Get("cloneFormat"));
  const std::string data_pool = ToText(object.Get("dataPool"));
  if (!data_pool.empty()) request.data_pool = data_pool;
  return request;
}

}  // namespace rbdkit
