// The old image is asked for its lock, watchers, mirroring, group, metadata and limits.
#include "copy/publish/old_image.h"

#include <algorithm>
#include <vector>

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

// librbd's own locks, for the feature exclusive-lock, have this tag. The lock of a client that is gone is
// broken by the next who writes.
constexpr char kManagedLock[] = "internal";

struct Loss {
  const char* name;  // what Naming::may_lose has
  const char* what;
};
constexpr Loss kMirroring{"mirroring", "is mirrored, and the new image would not be"};
constexpr Loss kGroupSnapshots{"group-snapshots",
                               "is in snapshots of a group, which the group could not go back to"};

Error IsMirrored(rbd_image_t image, bool* is) {
  rbd_mirror_image_info_t info{};
  const int r = Rbd().rbd_mirror_image_get_info(image, &info, sizeof info);
  if (r < 0) return Error(r, "rbd_mirror_image_get_info");
  *is = info.state != RBD_MIRROR_IMAGE_DISABLED;
  Rbd().rbd_mirror_image_get_info_cleanup(&info);
  return {};
}

Error IsInGroupSnapshots(rbd_image_t image, bool* is) {
  *is = false;
  std::vector<ListedSnapshot> snapshots;
  if (Error error = ListSnapshots(image, &snapshots)) return error;
  for (const ListedSnapshot& snapshot : snapshots) {
    rbd_snap_namespace_type_t type;
    const int r = Rbd().rbd_snap_get_namespace_type(image, snapshot.id, &type);
    if (r == -ENOENT) continue;  // removed meanwhile
    if (r < 0) return Error(r, "rbd_snap_get_namespace_type");
    if (type != RBD_SNAP_NAMESPACE_TYPE_GROUP) continue;
    *is = true;
    break;
  }
  return {};
}

// AddMetadata() leaves what is in `metadata` already.
Error AddMetadata(rbd_image_t image, Metadata* metadata) {
  Metadata found;
  if (Error error = ListMetadata(image, &found)) return error;
  for (auto& pair : found) {
    const bool has = std::any_of(metadata->begin(), metadata->end(),
                                 [&pair](const auto& one) { return one.first == pair.first; });
    if (!has) metadata->push_back(std::move(pair));
  }
  return {};
}

Error AddJournaling(rbd_image_t old, rbd_image_t heir) {
  uint64_t wanted = 0;
  uint64_t has = 0;
  int r = Rbd().rbd_get_features(old, &wanted);
  if (r == 0) r = Rbd().rbd_get_features(heir, &has);
  if (r < 0) return Error(r, "rbd_get_features");
  wanted &= RBD_FEATURE_JOURNALING;
  // Journaling is inherited without mirroring only: that of a mirrored image is for its mirroring, which is
  // lost.
  bool mirrored = false;
  if (wanted == 0) return {};
  if (Error error = IsMirrored(old, &mirrored)) return error;
  if (mirrored) return {};
  wanted |= RBD_FEATURE_EXCLUSIVE_LOCK;
  r = Rbd().rbd_update_features(heir, wanted & ~has, 1);
  return r < 0 ? Error(r, "rbd_update_features") : Error();
}

Error SetSnapshotLimit(rbd_image_t old, rbd_image_t heir) {
  uint64_t limit = UINT64_MAX;
  int r = Rbd().rbd_snap_get_limit(old, &limit);
  if (r < 0) return Error(r, "rbd_snap_get_limit");
  if (limit == UINT64_MAX) return {};
  r = Rbd().rbd_snap_set_limit(heir, limit);
  // ERANGE means that a deep copy has more snapshots already.
  return r < 0 && r != -ERANGE ? Error(r, "rbd_snap_set_limit") : Error();
}

}  // namespace

Error RefuseLocked(rbd_image_t image) {
  Lockers lockers;
  if (Error error = ListLockers(image, &lockers)) return error;
  if (lockers.clients.empty() || lockers.tag == kManagedLock) return {};
  Error error(-EBUSY, "rbd_list_lockers");
  error.message = "the image to replace is locked by " + lockers.clients.front() +
                  ": whoever locked it unlocks it first, or 'rbd lock remove' does";
  return error;
}

Error RefuseInUse(rados_ioctx_t ioctx, const std::string& id) {
  OpenImage image;
  const int r = Rbd().rbd_open_by_id_read_only(ioctx, id.c_str(), image.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  std::vector<uint64_t> clients;
  if (Error error = ListWatchers(image.get(), &clients)) return error;
  if (clients.empty()) return {};
  Error error(-EBUSY, "rbd_watchers_list");
  error.message = "the image to replace is open for writing by client." + std::to_string(clients.front());
  return error;
}

Error RefuseLosses(rbd_image_t old, const Naming& naming) {
  std::vector<Loss> losses;
  bool is = false;
  if (Error error = IsMirrored(old, &is)) return error;
  if (is) losses.push_back(kMirroring);
  if (Error error = IsInGroupSnapshots(old, &is)) return error;
  if (is) losses.push_back(kGroupSnapshots);
  std::string what;
  std::string names;
  for (const Loss& loss : losses) {
    if (std::find(naming.may_lose.begin(), naming.may_lose.end(), loss.name) != naming.may_lose.end())
      continue;
    what += std::string(what.empty() ? "" : "; it ") + loss.what;
    names += std::string(names.empty() ? "" : ",") + loss.name;
  }
  if (names.empty()) return {};
  return Error::Coded(kReplaceLoses, "copy",
                      "the image to replace " + what + " (replaceLoses, --replace-loses " + names +
                          ": replaced nevertheless)");
}

Error DataPoolOf(rados_ioctx_t ioctx, rbd_image_t old, std::string* name) {
  name->clear();
  const int64_t pool = Rbd().rbd_get_data_pool_id(old);
  if (pool < 0 || pool == Rados().rados_ioctx_get_id(ioctx)) return {};
  return PoolName(ioctx, pool, name);
}

Error Inherit(rados_ioctx_t ioctx, const std::string& old_id, rbd_image_t heir, bool own_features,
              Metadata* metadata) {
  OpenImage old;
  const int r = Rbd().rbd_open_by_id_read_only(ioctx, old_id.c_str(), old.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  if (Error error = AddMetadata(old.get(), metadata)) return error;
  if (Error error = SetSnapshotLimit(old.get(), heir)) return error;
  return own_features ? Error() : AddJournaling(old.get(), heir);
}

Error PassGroupOn(rados_ioctx_t ioctx, rbd_image_t old, const std::string& old_id, const std::string& heir) {
  rbd_group_info_t group{};
  int r = Rbd().rbd_get_group(old, &group, sizeof group);
  if (r < 0) return Error(r, "rbd_get_group");
  const std::string name = group.name;
  const int64_t pool = group.pool;
  Rbd().rbd_group_info_cleanup(&group, sizeof group);
  if (name.empty()) return {};
  OwnIoCtx there;
  if (Error error = there.Open(ioctx, pool)) return error;
  r = Rbd().rbd_group_image_add(there.get(), name.c_str(), ioctx, heir.c_str());
  // EEXIST means that somebody has put it into another group.
  if (r < 0 && r != -EEXIST) return Error(r, "rbd_group_image_add");
  r = Rbd().rbd_group_image_remove_by_id(there.get(), name.c_str(), ioctx, old_id.c_str());
  return r < 0 && r != -ENOENT ? Error(r, "rbd_group_image_remove_by_id") : Error();
}

}  // namespace rbdkit::copy
