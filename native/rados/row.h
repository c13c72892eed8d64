// Rows of librados: how its functions become functions of JavaScript (core/bind.h).
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
  template <typename Self, typename... Kinds>
  static void Settle(Task& task, Self& self, int64_t result, std::tuple<Kinds...>& kinds) {
    bind::SettleErrno(task, self, result, kinds);
  }
};

// RADOS(rados_remove, IoCtx, Str): called on an ioctx (or a cluster), with a text.
#define RADOS(function, ...) Row<RadosLibrary, &RadosApi::function, __VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_ROW_H_
