// DescribeParent() asks librbd for the parent and the overlap.
#include "ceph/image_parent.h"

#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

Error Refused(std::string why) { return Error::Coded(kParentUnsupported, "rbd_get_parent", std::move(why)); }

}  // namespace

Error DescribeParent(rbd_image_t image, Parent* parent) {
  rbd_linked_image_spec_t of = {};
  rbd_snap_spec_t at = {};
  int r = Rbd().rbd_get_parent(image, &of, &at);
  if (r == -ENOENT) return Refused("the source has no parent");
  if (r < 0) return Error(r, "rbd_get_parent");
  parent->pool = of.pool_id;
  parent->name_space = of.pool_namespace;
  parent->image = of.image_name;
  parent->id = of.image_id;
  parent->snapshot = at.name;
  parent->snapshot_id = at.id;
  const bool in_trash = of.trash || at.namespace_type != RBD_SNAP_NAMESPACE_TYPE_USER;
  Rbd().rbd_linked_image_spec_cleanup(&of);
  Rbd().rbd_snap_spec_cleanup(&at);
  if (in_trash) {
    return Refused("the source's parent is in the trash or not a user's snapshot, so it cannot be cloned");
  }
  if ((r = Rbd().rbd_get_overlap(image, &parent->overlap)) < 0) return Error(r, "rbd_get_overlap");
  uint64_t features = 0;
  if ((r = Rbd().rbd_get_op_features(image, &features)) < 0) return Error(r, "rbd_get_op_features");
  parent->format = (features & RBD_OPERATION_FEATURE_CLONE_CHILD) != 0 ? 2 : 1;
  return {};
}

}  // namespace rbdkit::copy
