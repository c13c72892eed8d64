#include "copy/image_tuning.h"

namespace rbdkit::copy {

namespace {

// The cache, too: it keeps what it is given, so with it librbd always makes a copy.
constexpr const char* kSettings[] = {"conf_rbd_cache", "conf_rbd_disable_zero_copy_writes"};

}  // namespace

Error OpenTuned(rados_ioctx_t ioctx, const std::string& name, OpenImage* image) {
  {
    OpenImage first;
    const int r = Rbd().rbd_open(ioctx, name.c_str(), first.out(), nullptr);
    if (r < 0) return Error(r, "rbd_open");
    for (const char* key : kSettings) {
      // A release that does not know the setting refuses it, and is as it is.
      Rbd().rbd_metadata_set(first.get(), key, "false");
    }
  }
  // Only an image that is being opened looks at them all.
  const int r = Rbd().rbd_open(ioctx, name.c_str(), image->out(), nullptr);
  if (r < 0) return Error(r, "rbd_open");
  return {};
}

Error Untune(rbd_image_t image) {
  for (const char* key : kSettings) {
    const int r = Rbd().rbd_metadata_remove(image, key);
    if (r < 0 && r != -ENOENT) return Error(r, "rbd_metadata_remove");
  }
  return {};
}

}  // namespace rbdkit::copy
