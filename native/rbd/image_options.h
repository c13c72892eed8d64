// ImageOptions are what JavaScript asks for of a new image (rbd_image_options_t): they are read on the
// JavaScript thread and become librbd's on an executor's.
#ifndef RBDKIT_RBD_IMAGE_OPTIONS_H_
#define RBDKIT_RBD_IMAGE_OPTIONS_H_

#include <napi.h>

#include <memory>
#include <tuple>

#include "ceph/layout.h"
#include "core/call.h"
#include "sys/rbd.h"

namespace rbdkit {

// ToLayoutRequest() reads what lib/internal/native/rbd.ts calls NativeLayout. JavaScript thread.
copy::LayoutRequest ToLayoutRequest(Napi::Object object);

// ImageOptions are a row's argument (core/bind.h).
struct ImageOptions {
  static constexpr const char* kKind = "ImageOptions";
  explicit ImageOptions(Call& call) : request(ToLayoutRequest(call.Object())) {}
  auto C(Task& /*task*/) {
    options = copy::ToImageOptions(request);
    return std::make_tuple(rbd_image_options_t{options.get()});
  }
  copy::LayoutRequest request;
  std::shared_ptr<void> options;
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_OPTIONS_H_
