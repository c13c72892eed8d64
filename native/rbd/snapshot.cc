// Snapshots of an image: making, removing, renaming, protecting, going back to them.
#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

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
  ExportTask(env, exports, "rbd_snap_create2", RbdSnapCreate2, Length::kLong);
  ExportTask(env, exports, "rbd_snap_remove2", RbdSnapRemove2, Length::kLong);
  ExportTask(env, exports, "rbd_snap_rollback_with_progress", RbdSnapRollback, Length::kLong);
  ExportTask(env, exports, "rbd_snap_rename", RbdSnapRename);
  ExportTask(env, exports, "rbd_snap_protect", RbdSnapProtect);
  ExportTask(env, exports, "rbd_snap_unprotect", RbdSnapUnprotect, Length::kLong);
  ExportTask(env, exports, "rbd_snap_is_protected", RbdSnapIsProtected);
}

}  // namespace rbdkit
