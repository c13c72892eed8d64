// This file says how librbd's functions become functions of JavaScript by rows (core/bind.h). Rows run on the
// cluster's executors.
#ifndef RBDKIT_RBD_ROW_H_
#define RBDKIT_RBD_ROW_H_

#include <tuple>

#include "core/bind.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

template <>
inline const RbdApi& TableOf<RbdApi>() {
  return Rbd();
}

struct RbdLibrary {
  static bool Load(Task& task) { return RbdLoaded(task); }
  static const char* Since(const void* pointer) { return RbdSince(pointer); }
  template <typename Self, typename... Kinds>
  static void Settle(Task& task, Self& self, int64_t result, std::tuple<Kinds...>& kinds) {
    bind::SettleErrno(task, self, result, kinds);
  }
};

// RBD(rbd_snap_rename, Image, Str, Str) is called on an image (or an ioctx), with two texts.
#define RBD(function, ...) Row<RbdLibrary, &RbdApi::function, __VA_ARGS__>(#function)

// Has() tells whether the host's library has a function of the table, Rbd().rbd_clone4; or else fails the
// task as a row does.
template <typename Function>
bool Has(Task& task, const Function& function) {
  if (function != nullptr) return true;
  task.result = -ENOSYS;
  task.value = Value(std::string("this host's library is older than ") + RbdSince(&function));
  return false;
}

// Progress is librbd's progress, which also ends the call once its task is cancelled.
struct Progress {
  static constexpr const char* kKind = "";
  static constexpr bool kLong = true;
  explicit Progress(Call& /*call*/) {}
  auto C(Task& task) {
    return std::make_tuple(librbd_progress_fn_t{ReportProgress}, static_cast<void*>(&task));
  }
};

// ProgressToTheEnd is the same of a call that is not ended early: librbd does not, or leaves behind what
// nobody can remove.
struct ProgressToTheEnd {
  static constexpr const char* kKind = "";
  static constexpr bool kLong = true;
  explicit ProgressToTheEnd(Call& /*call*/) {}
  static int Report(uint64_t done, uint64_t total, void* task) {
    static_cast<Task*>(task)->Report(done, total);
    return 0;
  }
  auto C(Task& task) { return std::make_tuple(librbd_progress_fn_t{Report}, static_cast<void*>(&task)); }
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_ROW_H_
