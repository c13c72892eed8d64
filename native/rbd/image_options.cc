#include "rbd/image_options.h"

#include <cstdint>

namespace rbdkit {

ImageLayout ImageLayout::From(Napi::Object object) {
  static constexpr struct {
    const char* name;
    int option;
  } names[] = {
      {"order", RBD_IMAGE_OPTION_ORDER},
      {"features", RBD_IMAGE_OPTION_FEATURES},
      {"stripeUnit", RBD_IMAGE_OPTION_STRIPE_UNIT},
      {"stripeCount", RBD_IMAGE_OPTION_STRIPE_COUNT},
      {"cloneFormat", RBD_IMAGE_OPTION_CLONE_FORMAT},
  };
  ImageLayout layout;
  for (const auto& entry : names) {
    const Napi::Value value = object.Get(entry.name);
    if (value.IsBigInt()) {
      bool lossless = false;
      layout.numbers.emplace_back(entry.option, value.As<Napi::BigInt>().Uint64Value(&lossless));
    } else if (value.IsNumber()) {
      layout.numbers.emplace_back(entry.option, static_cast<uint64_t>(value.As<Napi::Number>().Int64Value()));
    }
  }
  const Napi::Value data_pool = object.Get("dataPool");
  if (data_pool.IsString()) layout.data_pool = data_pool.As<Napi::String>().Utf8Value();
  return layout;
}

ImageOptions::ImageOptions(const ImageLayout& layout) {
  Rbd().rbd_image_options_create(&options_);
  for (const auto& number : layout.numbers) {
    Rbd().rbd_image_options_set_uint64(options_, number.first, number.second);
  }
  if (layout.data_pool) {
    Rbd().rbd_image_options_set_string(options_, RBD_IMAGE_OPTION_DATA_POOL, layout.data_pool->c_str());
  }
}

}  // namespace rbdkit
