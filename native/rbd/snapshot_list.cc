// This file lists the snapshots of an image: the users', and those of groups, of mirroring and in the trash.
// It runs on the cluster's executors.
#include <cerrno>
#include <cstring>

#include "ceph/image_lists.h"
#include "rbd/rbd.h"
#include "rbd/row.h"
#include "sys/until_it_fits.h"

namespace rbdkit {

const char* SnapshotTypeName(int type) {
  switch (type) {
    case RBD_SNAP_NAMESPACE_TYPE_USER:
      return "user";
    case RBD_SNAP_NAMESPACE_TYPE_GROUP:
      return "group";
    case RBD_SNAP_NAMESPACE_TYPE_TRASH:
      return "trash";
    case RBD_SNAP_NAMESPACE_TYPE_MIRROR:
      return "mirror";
  }
  return "unknown";
}

namespace {

// A Namespace is what a snapshot belongs to; only the fields of its type are set.
struct Namespace {
  rbd_snap_namespace_type_t type = RBD_SNAP_NAMESPACE_TYPE_USER;
  int64_t group_pool = 0;
  std::string group;
  std::string name;  // of the group's snapshot; or what it was called before it went to the trash
  const char* original = nullptr;  // what kind it was before that, where the release tells
  rbd_snap_mirror_state_t state = RBD_SNAP_MIRROR_STATE_PRIMARY;
  std::vector<std::string> peers;
  bool complete = false;
  std::string primary_uuid;
  uint64_t primary_snapshot = 0;
  uint64_t last_copied_object = 0;
};

struct Snapshot {
  uint64_t id = 0;
  uint64_t size = 0;
  std::string name;
  int is_protected = 0;
  timespec created = {};
  Namespace name_space;
};

// A Failure is what failed, for the error.
struct Failure {
  int result = 0;
  const char* function = "";
};

Failure GetGroup(rbd_image_t image, uint64_t id, Namespace* name_space) {
  rbd_snap_group_namespace_t group = {};
  const int r = Rbd().rbd_snap_get_group_namespace(image, id, &group, sizeof(group));
  if (r < 0) return {r, "rbd_snap_get_group_namespace"};
  name_space->group_pool = group.group_pool;
  name_space->group = group.group_name;
  name_space->name = group.group_snap_name;
  Rbd().rbd_snap_group_namespace_cleanup(&group, sizeof(group));
  return {};
}

Failure GetTrash(rbd_image_t image, uint64_t id, Namespace* name_space) {
  if (Rbd().rbd_snap_get_trash_namespace2 != nullptr) {
    rbd_snap_trash_namespace_t trash = {};
    const int r = Rbd().rbd_snap_get_trash_namespace2(image, id, &trash, sizeof(trash));
    if (r < 0) return {r, "rbd_snap_get_trash_namespace2"};
    name_space->name = trash.original_name;
    name_space->original = SnapshotTypeName(trash.original_namespace_type);
    Rbd().rbd_snap_trash_namespace_cleanup(&trash, sizeof(trash));
    return {};
  }
  Room<> room(256);
  const int r = UntilItFits(
      [&] { return Rbd().rbd_snap_get_trash_namespace(image, id, room.data(), room.size); }, room);
  if (r < 0) return {r, "rbd_snap_get_trash_namespace"};
  name_space->name = room.text();
  return {};
}

Failure GetMirror(rbd_image_t image, uint64_t id, Namespace* name_space) {
  rbd_snap_mirror_namespace_t mirror = {};
  const int r = Rbd().rbd_snap_get_mirror_namespace(image, id, &mirror, sizeof(mirror));
  if (r < 0) return {r, "rbd_snap_get_mirror_namespace"};
  name_space->state = mirror.state;
  const char* peer = mirror.mirror_peer_uuids;
  for (size_t i = 0; i < mirror.mirror_peer_uuids_count; ++i, peer += strlen(peer) + 1) {
    name_space->peers.emplace_back(peer);
  }
  name_space->complete = mirror.complete;
  if (mirror.primary_mirror_uuid != nullptr) name_space->primary_uuid = mirror.primary_mirror_uuid;
  name_space->primary_snapshot = mirror.primary_snap_id;
  name_space->last_copied_object = mirror.last_copied_object_number;
  Rbd().rbd_snap_mirror_namespace_cleanup(&mirror, sizeof(mirror));
  return {};
}

Failure GetProtection(rbd_image_t image, Snapshot* snapshot) {
  // librbd tells of protection by the name only, and a snapshot that was renamed since it was listed is not
  // gone.
  for (;;) {
    int r = Rbd().rbd_snap_is_protected(image, snapshot->name.c_str(), &snapshot->is_protected);
    if (r != -ENOENT) return {r, "rbd_snap_is_protected"};
    const std::string before = snapshot->name;
    r = copy::SnapshotName(image, snapshot->id, &snapshot->name).result;
    if (r < 0) return {r, "rbd_snap_get_name"};
    if (snapshot->name == before) return {-ENOENT, "rbd_snap_is_protected"};
  }
}

// Describe() fails with -ENOENT when another client has removed the snapshot.
Failure Describe(rbd_image_t image, Snapshot* snapshot) {
  Namespace* name_space = &snapshot->name_space;
  int r = Rbd().rbd_snap_get_namespace_type(image, snapshot->id, &name_space->type);
  if (r < 0) return {r, "rbd_snap_get_namespace_type"};
  r = Rbd().rbd_snap_get_timestamp(image, snapshot->id, &snapshot->created);
  if (r < 0) return {r, "rbd_snap_get_timestamp"};
  switch (name_space->type) {
    case RBD_SNAP_NAMESPACE_TYPE_USER:
      return GetProtection(image, snapshot);
    case RBD_SNAP_NAMESPACE_TYPE_GROUP:
      return GetGroup(image, snapshot->id, name_space);
    case RBD_SNAP_NAMESPACE_TYPE_TRASH:
      return GetTrash(image, snapshot->id, name_space);
    case RBD_SNAP_NAMESPACE_TYPE_MIRROR:
      return GetMirror(image, snapshot->id, name_space);
  }
  return {};  // a type of a later release
}

Failure List(rbd_image_t image, std::vector<Snapshot>* snapshots) {
  std::vector<copy::ListedSnapshot> list;
  const copy::Error error = copy::ListSnapshots(image, &list);
  for (copy::ListedSnapshot& listed : list) {
    Snapshot snapshot;
    snapshot.id = listed.id;
    snapshot.size = listed.size;
    snapshot.name = std::move(listed.name);
    snapshots->push_back(std::move(snapshot));
  }
  return {error.result, "rbd_snap_list"};
}

const char* StateName(rbd_snap_mirror_state_t state) {
  switch (state) {
    case RBD_SNAP_MIRROR_STATE_PRIMARY:
      return "primary";
    case RBD_SNAP_MIRROR_STATE_PRIMARY_DEMOTED:
      return "primary-demoted";
    case RBD_SNAP_MIRROR_STATE_NON_PRIMARY:
      return "non-primary";
    case RBD_SNAP_MIRROR_STATE_NON_PRIMARY_DEMOTED:
      return "non-primary-demoted";
  }
  return "unknown";
}

Value ToValue(const Namespace& name_space) {
  const char* const type = SnapshotTypeName(name_space.type);
  switch (name_space.type) {
    case RBD_SNAP_NAMESPACE_TYPE_GROUP:
      return Value::Fields({{"type", type},
                            {"poolId", Value::BigInt(name_space.group_pool)},
                            {"group", name_space.group},
                            {"snapshot", name_space.name}});
    case RBD_SNAP_NAMESPACE_TYPE_TRASH:
      return Value::Fields({{"type", type},
                            {"name", name_space.name},
                            {"original", name_space.original == nullptr ? Value() : name_space.original}});
    case RBD_SNAP_NAMESPACE_TYPE_MIRROR:
      return Value::Fields({{"type", type},
                            {"state", StateName(name_space.state)},
                            {"peers", Value::Texts(name_space.peers)},
                            {"complete", name_space.complete},
                            {"primaryMirrorUuid", name_space.primary_uuid},
                            {"primarySnapshotId", Value::BigInt(name_space.primary_snapshot)},
                            {"lastCopiedObject", Value::Number(name_space.last_copied_object)}});
    default:
      return Value::Fields({{"type", type}});
  }
}

Value ToValue(const Snapshot& snapshot) {
  return Value::Fields({{"id", Value::BigInt(snapshot.id)},
                        {"name", snapshot.name},
                        {"size", Value::Number(snapshot.size)},
                        {"protected", snapshot.is_protected == 1},
                        {"createdMs", Milliseconds(snapshot.created)},
                        {"namespace", ToValue(snapshot.name_space)}});
}

void RbdSnapList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    std::vector<Snapshot> listed;
    Failure failure = List(image->image(), &listed);
    std::vector<Value> snapshots;
    for (size_t i = 0; i < listed.size() && failure.result >= 0; ++i) {
      const Failure described = Describe(image->image(), &listed[i]);
      if (described.result == -ENOENT) continue;  // gone since it was listed
      if (described.result < 0) failure = described;
      snapshots.push_back(ToValue(listed[i]));
    }
    task.result = failure.result;
    if (failure.result < 0) {
      task.value = Value(std::string("by ") + failure.function);
    } else {
      task.value = Value::List(std::move(snapshots));
    }
  });
}

}  // namespace

void ExportSnapshotList(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_snap_list", RbdSnapList);
}

}  // namespace rbdkit
