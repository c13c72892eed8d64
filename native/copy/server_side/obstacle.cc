// An obstacle is put into words for the user.
#include "copy/server_side/obstacle.h"

#include "ceph/striping.h"
#include "copy/verify/checksums.h"
#include "sys/rados.h"
#include "sys/server_copy.h"

namespace rbdkit::copy {

namespace {

// With these features it is known that an image's objects hold its content. Encryption is no feature but is
// loaded into a handle, and the source's handle is our own: its objects are copied as they are.
constexpr uint64_t kPlain = RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_EXCLUSIVE_LOCK |
                            RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN |
                            RBD_FEATURE_DATA_POOL | RBD_FEATURE_OPERATIONS;
constexpr uint64_t kPlainOperations = RBD_OPERATION_FEATURE_CLONE_PARENT | RBD_OPERATION_FEATURE_CLONE_CHILD |
                                      RBD_OPERATION_FEATURE_GROUP | RBD_OPERATION_FEATURE_SNAP_TRASH;

struct Named {
  uint64_t feature;
  const char* what;
};
constexpr Named kNotPlain[] = {
    {RBD_FEATURE_JOURNALING, "the source has journaling: its objects may be older than its content"},
    {RBD_FEATURE_MIGRATING, "the source is being migrated: its content is in two images"},
    {RBD_FEATURE_DIRTY_CACHE, "the source has a persistent cache with data that its objects do not have"},
    {RBD_FEATURE_NON_PRIMARY, "the source is the mirror of an image in another cluster"},
};

std::string Features(uint64_t features) {
  for (const Named& named : kNotPlain) {
    if ((features & named.feature) != 0) return named.what;
  }
  return (features & ~kPlain) != 0 ? "the source has features that are not known" : "";
}

std::string Layouts(const Layout& source, const LayoutRequest& destination) {
  if ((destination.features.value_or(0) & RBD_FEATURE_JOURNALING) != 0) {
    return "the destination is to have journaling";
  }
  const uint64_t count = destination.stripe_count.value_or(1);
  if (!destination.order || uint64_t{1} << *destination.order != source.object_size ||
      count != source.stripe_count || (count > 1 && destination.stripe_unit != source.stripe_unit)) {
    return "the destination is to have other objects than the source: object size and striping differ";
  }
  return "";
}

}  // namespace

Error FindObstacle(const ImageSource& source, const ImageDestination& destination, std::string* obstacle) {
  LibraryError library;
  if (!LoadServerCopy(&library)) {
    *obstacle = library.message;
    return {};
  }
  // A client of one handle is fenced with its image's lock, whatever it writes to.
  if (Rados().rados_ioctx_get_cluster(source.ioctx()) !=
      Rados().rados_ioctx_get_cluster(destination.opened_by())) {
    *obstacle = "source and destination are not opened by way of one Cluster";
    return {};
  }
  const Layout layout = *source.layout();
  uint8_t old = 0;
  int r = Rbd().rbd_get_old_format(source.image(), &old);
  if (r < 0) return At(Side::kSource, Error(r, "rbd_get_old_format"));
  uint64_t operations = 0;
  r = Rbd().rbd_get_op_features(source.image(), &operations);
  if (r < 0) return At(Side::kSource, Error(r, "rbd_get_op_features"));
  *obstacle = Features(layout.features);
  if (!obstacle->empty()) return {};
  if (old != 0) {
    *obstacle = "the source is of image format 1";
  } else if ((operations & ~kPlainOperations) != 0) {
    *obstacle = "the source is in an operation that is not known";
  } else if (Striping(layout).ObjectCount(source.size()) > Checksums::kMaxObjects) {
    *obstacle = "the source may have more than 2^24 objects";
  } else {
    *obstacle = Layouts(layout, destination.Inherited(layout));
  }
  return {};
}

}  // namespace rbdkit::copy
