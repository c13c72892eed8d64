// A pool as librbd sees it: initialising, namespaces.
#include <cerrno>

#include "core/call.h"
#include "rados/ioctx.h"
#include "rbd/rbd.h"
#include "sys/rbd.h"

namespace rbdkit {

namespace {

void RbdPoolInit(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const bool force = call.Bool();
  call.Run(ioctx, [ioctx = ioctx.get(), force](Task& task) {
    if (RbdLoaded(task)) task.result = Rbd().rbd_pool_init(ioctx->ioctx(), force);
  });
}

void RbdNamespaceCreate(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), name](Task& task) {
    if (RbdLoaded(task)) task.result = Rbd().rbd_namespace_create(ioctx->ioctx(), name.c_str());
  });
}

void RbdNamespaceRemove(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), name](Task& task) {
    if (RbdLoaded(task)) task.result = Rbd().rbd_namespace_remove(ioctx->ioctx(), name.c_str());
  });
}

void RbdNamespaceList(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  call.Run(ioctx, [ioctx = ioctx.get()](Task& task) {
    if (!RbdLoaded(task)) return;
    size_t length = 4096;
    std::string names;
    do {
      names.resize(length);
      task.result = Rbd().rbd_namespace_list(ioctx->ioctx(), names.data(), &length);
    } while (task.result == -ERANGE);
    if (task.result < 0) return;
    // The last name is followed by one more NUL.
    auto list = SplitNames(names.data(), length);
    while (!list.empty() && list.back().empty()) list.pop_back();
    task.value = StringListValue(std::move(list));
  });
}

}  // namespace

void ExportRbdPool(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_pool_init", RbdPoolInit, Length::kLong);
  ExportTask(env, exports, "rbd_namespace_create", RbdNamespaceCreate);
  ExportTask(env, exports, "rbd_namespace_remove", RbdNamespaceRemove, Length::kLong);
  ExportTask(env, exports, "rbd_namespace_list", RbdNamespaceList);
}

}  // namespace rbdkit
