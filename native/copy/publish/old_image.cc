#include "copy/publish/old_image.h"

#include <algorithm>
#include <vector>

#include "ceph/image_io.h"
#include "copy/publish/image.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

// The tag of librbd's own locks, for the feature exclusive-lock. One of a client that is gone is broken by
// the next who writes.
constexpr char kManagedLock[] = "internal";

constexpr uint64_t kMetadataPage = 64;

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
  std::vector<rbd_snap_info_t> snapshots(64);
  int most = static_cast<int>(snapshots.size());
  int count;
  while ((count = Rbd().rbd_snap_list(image, snapshots.data(), &most)) == -ERANGE) {
    snapshots.resize(static_cast<size_t>(most));
  }
  if (count < 0) return Error(count, "rbd_snap_list");
  int r = 0;
  for (int i = 0; i < count && r == 0 && !*is; ++i) {
    rbd_snap_namespace_type_t type;
    r = Rbd().rbd_snap_get_namespace_type(image, snapshots[i].id, &type);
    if (r == -ENOENT)
      r = 0;  // removed meanwhile
    else if (r == 0)
      *is = type == RBD_SNAP_NAMESPACE_TYPE_GROUP;
  }
  if (count > 0) Rbd().rbd_snap_list_end(snapshots.data());
  return r < 0 ? Error(r, "rbd_snap_get_namespace_type") : Error();
}

// What is in `metadata` already stays.
Error AddMetadata(rbd_image_t image, Metadata* metadata) {
  const auto has = [metadata](const std::string& key) {
    return std::any_of(metadata->begin(), metadata->end(),
                       [&key](const auto& pair) { return pair.first == key; });
  };
  std::string last;
  std::vector<char> keys(4096);
  std::vector<char> values(4096);
  for (;;) {
    size_t keys_length = keys.size();
    size_t values_length = values.size();
    int r;
    while ((r = Rbd().rbd_metadata_list(image, last.c_str(), kMetadataPage, keys.data(), &keys_length,
                                        values.data(), &values_length)) == -ERANGE) {
      keys.resize(std::max(keys.size(), keys_length));
      values.resize(std::max(values.size(), values_length));
      keys_length = keys.size();
      values_length = values.size();
    }
    if (r < 0) return Error(r, "rbd_metadata_list");
    if (keys_length == 0) return {};
    const char* value = values.data();
    for (const char* key = keys.data(); key < keys.data() + keys_length;) {
      last = key;
      const std::string text = value;
      key += last.size() + 1;
      value += text.size() + 1;
      if (!has(last)) metadata->emplace_back(last, text);
    }
  }
}

Error AddJournaling(rbd_image_t old, rbd_image_t heir) {
  uint64_t wanted = 0;
  uint64_t has = 0;
  int r = Rbd().rbd_get_features(old, &wanted);
  if (r == 0) r = Rbd().rbd_get_features(heir, &has);
  if (r < 0) return Error(r, "rbd_get_features");
  wanted &= RBD_FEATURE_JOURNALING;
  // Without mirroring: that of a mirrored image is for its mirroring, which is lost.
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
  // ERANGE: a deep copy has more already.
  return r < 0 && r != -ERANGE ? Error(r, "rbd_snap_set_limit") : Error();
}

}  // namespace

Error RefuseLocked(rbd_image_t image) {
  int exclusive = 0;
  std::vector<char> texts[4];  // tag, clients, cookies, addresses
  size_t lengths[4] = {256, 256, 256, 256};
  ssize_t r;
  do {
    for (int i = 0; i < 4; ++i) texts[i].resize(lengths[i]);
    r = Rbd().rbd_list_lockers(image, &exclusive, texts[0].data(), &lengths[0], texts[1].data(), &lengths[1],
                               texts[2].data(), &lengths[2], texts[3].data(), &lengths[3]);
  } while (r == -ERANGE);
  if (r < 0) return Error(static_cast<int>(r), "rbd_list_lockers");
  if (r == 0 || std::string(texts[0].data()) == kManagedLock) return {};
  Error error(-EBUSY, "rbd_list_lockers");
  error.message = "the image to replace is locked by " + std::string(texts[1].data()) +
                  ": whoever locked it unlocks it first, or 'rbd lock remove' does";
  return error;
}

Error RefuseInUse(rados_ioctx_t ioctx, const std::string& id) {
  OpenImage image;
  int r = Rbd().rbd_open_by_id_read_only(ioctx, id.c_str(), image.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  std::vector<uint64_t> clients;
  if ((r = ListWatchers(image.get(), &clients)) < 0) return Error(r, "rbd_watchers_list");
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
  std::vector<char> text(256);
  int r;
  while ((r = Rados().rados_pool_reverse_lookup(Rados().rados_ioctx_get_cluster(ioctx), pool, text.data(),
                                                text.size())) == -ERANGE) {
    text.resize(text.size() * 2);
  }
  if (r < 0) return Error(r, "rados_pool_reverse_lookup");
  *name = text.data();
  return {};
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
  // EEXIST: somebody has put it into another group.
  if (r < 0 && r != -EEXIST) return Error(r, "rbd_group_image_add");
  r = Rbd().rbd_group_image_remove_by_id(there.get(), name.c_str(), ioctx, old_id.c_str());
  return r < 0 && r != -ENOENT ? Error(r, "rbd_group_image_remove_by_id") : Error();
}

}  // namespace rbdkit::copy
