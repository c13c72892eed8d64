// Options for creating and cloning images: rbd_image_options_t.
#ifndef RBDKIT_RBD_IMAGE_OPTIONS_H_
#define RBDKIT_RBD_IMAGE_OPTIONS_H_

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_OPTIONS_H_
