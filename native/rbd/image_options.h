// Options for creating and cloning images: rbd_image_options_t.
#ifndef RBDKIT_RBD_IMAGE_OPTIONS_H_
#define RBDKIT_RBD_IMAGE_OPTIONS_H_

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/call.h"
#include "sys/rbd.h"

namespace rbdkit {

// What JavaScript asked for. Only what is set overrides the cluster's defaults.
struct ImageLayout {
  // Reads { order, features, stripeUnit, stripeCount, dataPool, cloneFormat }. JavaScript thread.
  static ImageLayout From(Napi::Object object);

  std::vector<std::pair<int, uint64_t>> numbers;  // RBD_IMAGE_OPTION_* and its value
  std::optional<std::string> data_pool;
};

// Owns an rbd_image_options_t made from a layout. After librbd is loaded; any thread.
class ImageOptions {
 public:
  explicit ImageOptions(const ImageLayout& layout);
  ~ImageOptions() { Rbd().rbd_image_options_destroy(options_); }
  ImageOptions(const ImageOptions&) = delete;
  ImageOptions& operator=(const ImageOptions&) = delete;
  rbd_image_options_t get() const { return options_; }

 private:
  rbd_image_options_t options_ = nullptr;
};

// A row's argument (core/bind.h): the layout that JavaScript asks for.
struct Layout {
  static constexpr const char* kKind = "Layout";
  explicit Layout(Call& call) : layout(ImageLayout::From(call.Object())) {}
  auto C(Task& /*task*/) {
    options = std::make_shared<ImageOptions>(layout);
    return std::make_tuple(options->get());
  }
  ImageLayout layout;
  std::shared_ptr<ImageOptions> options;
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_OPTIONS_H_
