// This file says how librados's functions become functions of JavaScript by rows (core/bind.h). Rows run on
// the cluster's executors.
#ifndef RBDKIT_RADOS_ROW_H_
#define RBDKIT_RADOS_ROW_H_

#include <tuple>

#include "core/bind.h"
#include "rados/ioctx.h"
#include "rados/rados.h"

namespace rbdkit {

template <>
inline const RadosApi& TableOf<RadosApi>() {
  return Rados();
}

struct RadosLibrary {
  // Whoever has a cluster has loaded it.
  static bool Load(Task& /*task*/) { return true; }
  static const char* Since(const void* pointer) { return RadosSince(pointer); }
  template <typename Self, typename... Kinds>
  static void Settle(Task& task, Self& self, int64_t result, std::tuple<Kinds...>& kinds) {
    bind::SettleErrno(task, self, result, kinds);
  }
};

// RADOS(rados_remove, IoCtx, Str) is called on an ioctx (or a cluster), with a text.
#define RADOS(function, ...) Row<RadosLibrary, &RadosApi::function, __VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_ROW_H_
