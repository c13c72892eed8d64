#include "copy/image_destination.h"

#include <algorithm>

#include "copy/image_tuning.h"
#include "copy/temporary_name.h"

namespace rbdkit::copy {

namespace {

// A write of its own costs an OSD about as much as this many bytes more.
constexpr size_t kOperationCost = 64 << 10;

constexpr size_t kMaxImageName = 4096;

// Features that say how an image works. Not: journaling, which would write all data twice; and what librbd
// sets itself from other options or while an image is in some state.
constexpr uint64_t kInherited = RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP |
                                RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN;

int NoProgress(uint64_t /*offset*/, uint64_t /*total*/, void* /*arg*/) { return 0; }

uint64_t OrderOf(uint64_t object_size) {
  uint64_t order = 0;
  while ((uint64_t{1} << order) < object_size) ++order;
  return order;
}

}  // namespace

ImageDestination::ImageDestination(rados_ioctx_t ioctx, const std::string& image, ImageOptions options)
    : like_(ioctx),
      name_(image),
      temporary_(TemporaryName(image, kMaxImageName)),
      options_(std::move(options)) {}

Error ImageDestination::Prepare(uint64_t size, const std::optional<ImageLayout>& source) {
  if (Error error = ioctx_.Open(like_)) return error;
  ioctx_.TryWhenFull();
  OpenImage existing;
  int r = Rbd().rbd_open_read_only(ioctx_.get(), name_.c_str(), existing.out(), nullptr);
  if (r == 0) return Error(-EEXIST, "rbd_create4");
  if (r != -ENOENT) return Error(r, "rbd_open_read_only");
  if (source) Inherit(*source);
  if (Error error = Create(size)) return error;
  if (Error error = OpenTuned(ioctx_.get(), temporary_, &image_)) return error;
  rbd_image_info_t info;
  if ((r = Rbd().rbd_stat(image_.get(), &info, sizeof info)) < 0) return Error(r, "rbd_stat");
  // No hole as large as an object is ever written.
  smallest_hole_ = std::min<size_t>(kOperationCost, info.obj_size / 2);
  return {};
}

void ImageDestination::Inherit(const ImageLayout& source) {
  const bool own_striping = options_.stripe_unit || options_.stripe_count || options_.order;
  if (!own_striping && source.stripe_count > 1) {
    options_.stripe_unit = source.stripe_unit;
    options_.stripe_count = source.stripe_count;
  }
  if (!options_.order) options_.order = OrderOf(source.object_size);
  if (!options_.features) options_.features = source.features & kInherited;
}

Error ImageDestination::Create(uint64_t size) {
  rbd_image_options_t list;
  Rbd().rbd_image_options_create(&list);
  const auto set = [&](int option, const std::optional<uint64_t>& value) {
    if (value) Rbd().rbd_image_options_set_uint64(list, option, *value);
  };
  set(RBD_IMAGE_OPTION_FORMAT, 2);
  set(RBD_IMAGE_OPTION_ORDER, options_.order);
  set(RBD_IMAGE_OPTION_STRIPE_UNIT, options_.stripe_unit);
  set(RBD_IMAGE_OPTION_STRIPE_COUNT, options_.stripe_count);
  if (options_.features && options_.stripe_count.value_or(1) > 1)
    *options_.features |= RBD_FEATURE_STRIPINGV2;
  set(RBD_IMAGE_OPTION_FEATURES, options_.features);
  if (options_.data_pool) {
    Rbd().rbd_image_options_set_string(list, RBD_IMAGE_OPTION_DATA_POOL, options_.data_pool->c_str());
  }
  made_ = true;  // also a create that failed may have left something
  const int r = Rbd().rbd_create4(ioctx_.get(), temporary_.c_str(), size, list);
  Rbd().rbd_image_options_destroy(list);
  if (r < 0) return Error(r, "rbd_create4");
  return {};
}

void ImageDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  StartAio(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_write2(image_.get(), offset, length, buffer, completion,
                                LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL | LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
  });
}

Error ImageDestination::Flush() {
  const int r = Rbd().rbd_flush(image_.get());
  if (r < 0) return Error(r, "rbd_flush");
  return {};
}

Error ImageDestination::Publish() {
  if (Error error = Untune(image_.get())) return error;
  int r = image_.Close();
  if (r < 0) return Error(r, "rbd_close");
  r = Rbd().rbd_rename(ioctx_.get(), temporary_.c_str(), name_.c_str());
  if (r < 0) return Error(r, "rbd_rename");
  made_ = false;
  return {};
}

Error ImageDestination::Abandon() {
  image_.Close();
  if (!std::exchange(made_, false)) return {};
  const int r = Rbd().rbd_remove_with_progress(ioctx_.get(), temporary_.c_str(), NoProgress, nullptr);
  if (r < 0 && r != -ENOENT) return Error(r, "rbd_remove_with_progress");
  return {};
}

}  // namespace rbdkit::copy
