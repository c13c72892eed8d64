// Images and clones are made with librbd's list of options.
#include "ceph/make_image.h"

#include <utility>
#include <vector>

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "ceph/image_parent.h"
#include "ceph/long_call.h"
#include "ceph/striping.h"

namespace rbdkit::copy {

namespace {

// With what librbd does not add by itself.
LayoutRequest InFormat2(LayoutRequest layout) {
  layout.format = 2;
  if (layout.features && layout.stripe_count.value_or(1) > 1) *layout.features |= RBD_FEATURE_STRIPINGV2;
  return layout;
}

// RemoveMetadata() takes the metadata away again, because rbd_clone3() gives a clone all that its parent has.
Error RemoveMetadata(rbd_image_t image) {
  Metadata metadata;
  if (Error error = ListMetadata(image, &metadata)) return error;
  for (const auto& [key, value] : metadata) {
    const int r = Rbd().rbd_metadata_remove(image, key.c_str());
    if (r < 0) return Error(r, "rbd_metadata_remove");
  }
  return {};
}

Error CheckStriping(const LayoutRequest& layout, const char* function) {
  const std::string obstacle = StripingObstacle(layout.stripe_unit, layout.stripe_count);
  if (obstacle.empty()) return {};
  Error error(-EINVAL, function);
  error.message = obstacle;
  return error;
}

}  // namespace

Error CreateImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const LayoutRequest& layout) {
  if (Error error = CheckStriping(layout, "rbd_create4")) return error;
  const auto options = ToImageOptions(InFormat2(layout));
  const int r = Rbd().rbd_create4(ioctx, name.c_str(), size, options.get());
  return r < 0 ? Error(r, "rbd_create4") : Error();
}

Error CloneImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const Parent& parent,
                 const LayoutRequest& layout) {
  if (Error error = CheckStriping(layout, "rbd_clone3")) return error;
  OwnIoCtx pool;
  if (Error error = pool.Open(ioctx, parent.pool, parent.name_space)) return error;
  LayoutRequest clone = InFormat2(layout);
  // Else its stripes would be the parent's, whatever its object size.
  if (clone.order && !clone.stripe_count) {
    clone.stripe_unit = uint64_t{1} << *clone.order;
    clone.stripe_count = 1;
  }
  // What the source was is possible again: the other format needs its snapshot protected.
  if (parent.format == 2) clone.clone_format = 2;
  const auto options = ToImageOptions(clone);
  int r = Rbd().rbd_clone3(pool.get(), parent.image.c_str(), parent.snapshot.c_str(), ioctx, name.c_str(),
                           options.get());
  if (r < 0) return Error(r, "rbd_clone3");
  OpenImage image;
  r = Rbd().rbd_open(ioctx, name.c_str(), image.out(), nullptr);
  if (r < 0) return Error(r, "rbd_open");
  // Another one may have been given the name meanwhile.
  Parent made;
  if (Error error = DescribeParent(image.get(), &made)) return error;
  if (made.pool != parent.pool || made.id != parent.id || made.snapshot_id != parent.snapshot_id) {
    return Error::Coded(kSourceChanged, "rbd_get_parent",
                        "another image got the name of the source's parent");
  }
  if (Error error = RemoveMetadata(image.get())) return error;
  // The image is resized by way of the overlap, which shrinks with the image and does not grow again.
  for (const uint64_t step : {parent.overlap, size}) {
    r = Rbd().rbd_resize2(image.get(), step, true, NoProgress, nullptr);
    if (r < 0) return Error(r, "rbd_resize2");
  }
  r = image.Close();
  return r < 0 ? Error(r, "rbd_close") : Error();
}

}  // namespace rbdkit::copy
