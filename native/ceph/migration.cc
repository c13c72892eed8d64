// FindMigration() looks at an image and its ancestors.
#include "ceph/migration.h"

#include "ceph/image_io.h"

namespace rbdkit::copy {

Error FindMigration(rbd_image_t image, rados_ioctx_t like, bool* migrating) {
  uint64_t features = 0;
  int r = Rbd().rbd_get_features(image, &features);
  if (r < 0) return Error(r, "rbd_get_features");
  *migrating = (features & RBD_FEATURE_MIGRATING) != 0;
  if (*migrating) return {};
  rbd_linked_image_spec_t of = {};
  rbd_snap_spec_t at = {};
  r = Rbd().rbd_get_parent(image, &of, &at);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_get_parent");
  const int64_t pool = of.pool_id;
  const std::string name_space = of.pool_namespace;
  const std::string id = of.image_id;
  const uint64_t snapshot = at.id;
  Rbd().rbd_linked_image_spec_cleanup(&of);
  Rbd().rbd_snap_spec_cleanup(&at);
  OwnIoCtx ioctx;
  if (Error error = ioctx.Open(like, pool, name_space)) return error;
  OpenImage parent;
  r = Rbd().rbd_open_by_id_read_only(ioctx.get(), id.c_str(), parent.out(), nullptr);
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  // It may have been flattened since that snapshot. One in the trash has no name to go by.
  r = Rbd().rbd_snap_set_by_id(parent.get(), snapshot);
  if (r < 0) return Error(r, "rbd_snap_set_by_id");
  return FindMigration(parent.get(), ioctx.get(), migrating);
}

Error Migrating() {
  Error error(-EBUSY, "rbd_diff_iterate2");
  error.message =
      "the image, or one that it is a clone of, is being migrated: until that is committed or aborted, it "
      "cannot be told what the image has or what has changed in it";
  return error;
}

}  // namespace rbdkit::copy
