// BuildObjectMap() enables the features and has librbd rebuild the map.
#include "ceph/object_map.h"

#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

int Touch(uint64_t /*offset*/, uint64_t /*total*/, void* touch) {
  (*static_cast<const std::function<void()>*>(touch))();
  return 0;
}

}  // namespace

Error BuildObjectMap(rbd_image_t image, uint64_t features, const std::function<void()>& touch) {
  if (features == 0) return {};
  uint64_t present = 0;
  int r = Rbd().rbd_get_features(image, &present);
  if (r < 0) return Error(r, "rbd_get_features");
  // Features that a copy before this one has given the image cannot be given again.
  if ((features & ~present) != 0) {
    r = Rbd().rbd_update_features(image, features & ~present, 1);
    if (r < 0) return Error(r, "rbd_update_features");
  }
  if ((r = Rbd().rbd_rebuild_object_map(image, Touch, const_cast<std::function<void()>*>(&touch))) < 0)
    return Error(r, "rbd_rebuild_object_map");
  uint64_t flags = 0;
  if ((r = Rbd().rbd_get_flags(image, &flags)) < 0) return Error(r, "rbd_get_flags");
  if ((flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0) return {};
  Error error(-EIO, "rbd_rebuild_object_map");
  error.message = "the object map is not valid after it was built";
  return error;
}

}  // namespace rbdkit::copy
