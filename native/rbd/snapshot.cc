// Snapshots of an image.
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

struct Snapshot {
  uint64_t id;
  uint64_t size;
  std::string name;
  bool is_protected;
  double created_ms;
};

// A snapshot that another client removes between two of these calls is left out.
int ListSnapshots(rbd_image_t image, std::vector<Snapshot>* snapshots) {
  int count = 16;
  std::vector<rbd_snap_info_t> list;
  int r;
  do {
    list.resize(static_cast<size_t>(count));
    r = Rbd().rbd_snap_list(image, list.data(), &count);
  } while (r == -ERANGE);
  if (r < 0) return r;
  for (int i = 0; i < r; ++i) {
    int is_protected = 0;
    timespec created = {};
    if (Rbd().rbd_snap_is_protected(image, list[i].name, &is_protected) < 0) continue;
    Rbd().rbd_snap_get_timestamp(image, list[i].id, &created);
    snapshots->push_back({list[i].id, list[i].size, list[i].name, is_protected == 1, Milliseconds(created)});
  }
  Rbd().rbd_snap_list_end(list.data());
  return 0;
}

void RbdSnapList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    std::vector<Snapshot> snapshots;
    task.result = ListSnapshots(image->image(), &snapshots);
    if (task.result < 0) return;
    task.value = [snapshots](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, snapshots.size());
      for (uint32_t i = 0; i < snapshots.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("id", Napi::BigInt::New(env, snapshots[i].id));
        object.Set("name", snapshots[i].name);
        object.Set("size", Napi::Number::New(env, static_cast<double>(snapshots[i].size)));
        object.Set("protected", Napi::Boolean::New(env, snapshots[i].is_protected));
        object.Set("createdMs", Napi::Number::New(env, snapshots[i].created_ms));
        array[i] = object;
      }
      return array;
    };
  });
}

void RbdSnapCreate2(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  const auto flags = static_cast<uint32_t>(call.Int64());
  call.Run(image, [image = image.get(), name, flags](Task& task) {
    task.result = Rbd().rbd_snap_create2(image->image(), name.c_str(), flags, ReportProgress, &task);
  });
}

void RbdSnapRemove2(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  const auto flags = static_cast<uint32_t>(call.Int64());
  call.Run(image, [image = image.get(), name, flags](Task& task) {
    task.result = Rbd().rbd_snap_remove2(image->image(), name.c_str(), flags, ReportProgress, &task);
  });
}

void RbdSnapRollback(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  call.Run(image, [image = image.get(), name](Task& task) {
    task.result = Rbd().rbd_snap_rollback_with_progress(image->image(), name.c_str(), ReportProgress, &task);
  });
}

void RbdSnapRename(Call& call) {
  auto image = call.Handle<Image>();
  const std::string from = call.String();
  const std::string to = call.String();
  call.Run(image, [image = image.get(), from, to](Task& task) {
    task.result = Rbd().rbd_snap_rename(image->image(), from.c_str(), to.c_str());
  });
}

void RbdSnapProtect(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  call.Run(image, [image = image.get(), name](Task& task) {
    task.result = Rbd().rbd_snap_protect(image->image(), name.c_str());
  });
}

void RbdSnapUnprotect(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  call.Run(image, [image = image.get(), name](Task& task) {
    task.result = Rbd().rbd_snap_unprotect(image->image(), name.c_str());
  });
}

void RbdSnapIsProtected(Call& call) {
  auto image = call.Handle<Image>();
  const std::string name = call.String();
  call.Run(image, [image = image.get(), name](Task& task) {
    int is_protected = 0;
    task.result = Rbd().rbd_snap_is_protected(image->image(), name.c_str(), &is_protected);
    if (task.result >= 0) task.value = BoolValue(is_protected == 1);
  });
}

}  // namespace

void ExportSnapshot(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_snap_list", RbdSnapList);
  ExportTask(env, exports, "rbd_snap_create2", RbdSnapCreate2);
  ExportTask(env, exports, "rbd_snap_remove2", RbdSnapRemove2);
  ExportTask(env, exports, "rbd_snap_rollback_with_progress", RbdSnapRollback);
  ExportTask(env, exports, "rbd_snap_rename", RbdSnapRename);
  ExportTask(env, exports, "rbd_snap_protect", RbdSnapProtect);
  ExportTask(env, exports, "rbd_snap_unprotect", RbdSnapUnprotect);
  ExportTask(env, exports, "rbd_snap_is_protected", RbdSnapIsProtected);
}

}  // namespace rbdkit
