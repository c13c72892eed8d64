// The snapshots of an image: the users', and those of groups, of mirroring and in the trash.
#include <cerrno>
#include <cstring>

#include "rbd/row.h"

namespace rbdkit {

namespace {

// What a snapshot belongs to; only the fields of its type are set.
struct Namespace {
  rbd_snap_namespace_type_t type = RBD_SNAP_NAMESPACE_TYPE_USER;
  int64_t group_pool = 0;
  std::string group;
  std::string name;  // of the group's snapshot; or what it was called before it went to the trash
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

// What failed, for the error.
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
  std::string name(256, '\0');
  int r;
  // Answers -ERANGE without the length that it needs. Names are of 4 KiB at most (osd_max_object_name_len).
  while ((r = Rbd().rbd_snap_get_trash_namespace(image, id, name.data(), name.size())) == -ERANGE &&
         name.size() < 65536) {
    name.resize(2 * name.size());
  }
  if (r < 0) return {r, "rbd_snap_get_trash_namespace"};
  name_space->name = name.c_str();
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

// A snapshot's present name; librbd tells of protection by the name only.
int GetSnapshotName(rbd_image_t image, uint64_t id, std::string* name) {
  size_t length = 256;
  int r;
  do {
    name->resize(length);
    r = Rbd().rbd_snap_get_name(image, id, name->data(), &length);
  } while (r == -ERANGE);
  if (r >= 0) name->resize(strlen(name->c_str()));
  return r;
}

Failure GetProtection(rbd_image_t image, Snapshot* snapshot) {
  // A snapshot that was renamed since it was listed is not gone.
  for (;;) {
    int r = Rbd().rbd_snap_is_protected(image, snapshot->name.c_str(), &snapshot->is_protected);
    if (r != -ENOENT) return {r, "rbd_snap_is_protected"};
    const std::string before = snapshot->name;
    r = GetSnapshotName(image, snapshot->id, &snapshot->name);
    if (r < 0) return {r, "rbd_snap_get_name"};
    if (snapshot->name == before) return {-ENOENT, "rbd_snap_is_protected"};
  }
}

// -ENOENT: another client has removed it.
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
  int count = 16;
  std::vector<rbd_snap_info_t> list;
  int r;
  do {
    list.resize(static_cast<size_t>(count));
    r = Rbd().rbd_snap_list(image, list.data(), &count);
  } while (r == -ERANGE);
  if (r < 0) return {r, "rbd_snap_list"};
  for (int i = 0; i < r; ++i) {
    Snapshot snapshot;
    snapshot.id = list[i].id;
    snapshot.size = list[i].size;
    snapshot.name = list[i].name;
    snapshots->push_back(std::move(snapshot));
  }
  if (r > 0) Rbd().rbd_snap_list_end(list.data());
  return {};
}

const char* TypeName(rbd_snap_namespace_type_t type) {
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
  const char* const type = TypeName(name_space.type);
  switch (name_space.type) {
    case RBD_SNAP_NAMESPACE_TYPE_GROUP:
      return Value::Fields({{"type", type},
                            {"poolId", Value::BigInt(name_space.group_pool)},
                            {"group", name_space.group},
                            {"snapshot", name_space.name}});
    case RBD_SNAP_NAMESPACE_TYPE_TRASH:
      return Value::Fields({{"type", type}, {"name", name_space.name}});
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
