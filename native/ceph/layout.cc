#include "ceph/layout.h"

#include "sys/rbd.h"

namespace rbdkit::copy {

LayoutRequest Completed(LayoutRequest request, const LayoutRequest& like) {
  const bool is_cut = request.stripe_unit || request.stripe_count || request.order;
  if (!is_cut && like.stripe_count.value_or(1) > 1) {
    request.stripe_unit = like.stripe_unit;
    request.stripe_count = like.stripe_count;
  }
  if (!request.order) request.order = like.order;
  if (!request.features) request.features = like.features;
  return request;
}

std::shared_ptr<void> ToImageOptions(const LayoutRequest& request) {
  rbd_image_options_t made = nullptr;
  Rbd().rbd_image_options_create(&made);
  std::shared_ptr<void> options(made, Rbd().rbd_image_options_destroy);
  const auto set = [made](int option, std::optional<uint64_t> number) {
    if (number) Rbd().rbd_image_options_set_uint64(made, option, *number);
  };
  set(RBD_IMAGE_OPTION_FORMAT, request.format);
  set(RBD_IMAGE_OPTION_ORDER, request.order);
  set(RBD_IMAGE_OPTION_FEATURES, request.features);
  set(RBD_IMAGE_OPTION_STRIPE_UNIT, request.stripe_unit);
  set(RBD_IMAGE_OPTION_STRIPE_COUNT, request.stripe_count);
  set(RBD_IMAGE_OPTION_CLONE_FORMAT, request.clone_format);
  set(RBD_IMAGE_OPTION_FEATURES_SET, request.features_set);
  set(RBD_IMAGE_OPTION_FEATURES_CLEAR, request.features_clear);
  set(RBD_IMAGE_OPTION_JOURNAL_ORDER, request.journal_order);
  set(RBD_IMAGE_OPTION_JOURNAL_SPLAY_WIDTH, request.journal_splay_width);
  set(RBD_IMAGE_OPTION_MIRROR_IMAGE_MODE, request.mirror_image_mode);
  set(RBD_IMAGE_OPTION_FLATTEN, request.flatten);
  const auto name = [made](int option, const std::optional<std::string>& text) {
    if (text) Rbd().rbd_image_options_set_string(made, option, text->c_str());
  };
  name(RBD_IMAGE_OPTION_DATA_POOL, request.data_pool);
  name(RBD_IMAGE_OPTION_JOURNAL_POOL, request.journal_pool);
  return options;
}

}  // namespace rbdkit::copy
