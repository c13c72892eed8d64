// This file says how libvirt's functions become functions of JavaScript by rows (core/bind.h). Rows run on
// the connection's executors.
#ifndef RBDKIT_LIBVIRT_ROW_H_
#define RBDKIT_LIBVIRT_ROW_H_

#include <cstdlib>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bind.h"
#include "libvirt/binding.h"
#include "libvirt/kinds.h"
#include "libvirt/typed_params.h"
#include "sys/libvirt_qemu.h"

namespace rbdkit {

// A result's type says what it means. A negative number is a failure, and so are a null pointer and a size of
// 0. A `char *` is freed, a `const char *` is libvirt's own, and any other pointer is a new object.
struct LibvirtLibrary {
  // Whoever has a connection has loaded it.
  static bool Load(Task& /*task*/) { return true; }
  static const char* Since(const void* pointer) { return LibvirtSince(pointer); }

  // ConnectionOfResult() gives the connection of what a function opens: a Destination, or the caller's own.
  template <typename Self, typename... Kinds>
  static auto ConnectionOfResult(Self& self, std::tuple<Kinds...>& kinds) {
    if constexpr ((std::is_same_v<Kinds, Destination> || ... || false)) {
      return std::get<Destination>(kinds).handle;
    } else {
      return ConnectionOf(self);
    }
  }

  template <typename Self, typename Result, typename... Kinds>
  static void Settle(Task& task, Self& self, Result result, std::tuple<Kinds...>& kinds) {
    if constexpr (std::is_unsigned_v<Result>) {
      if (result == 0) return Fail(task);
      task.value = Value::Number(result);
    } else if constexpr (std::is_integral_v<Result>) {
      if (result < 0) return Fail(task);
      if constexpr ((std::is_same_v<Kinds, ReturnsFlag> || ... || false)) {
        task.value = ReturnsFlag::Of(result);
      } else if constexpr ((std::is_same_v<Kinds, ReturnsNumber> || ... || false)) {
        task.value = ReturnsNumber::Of(result);
      } else {
        task.value = bind::TakeAll(self, kinds);
      }
    } else {
      if constexpr ((std::is_same_v<Kinds, MayBeNone> || ... || false)) {
        if (result == nullptr && Libvirt().virGetLastError() == nullptr) return;
      }
      if (result == nullptr) return Fail(task);
      if constexpr (std::is_same_v<Result, char*>) {
        task.value = Value(result);
        free(result);
      } else if constexpr (std::is_same_v<Result, const char*>) {
        task.value = Value(result);
      } else {
        using Opened = typename HandleOf<std::remove_pointer_t<Result>>::Type;
        task.value = Described(std::make_shared<Opened>(ConnectionOfResult(self, kinds), result));
      }
    }
  }
};

// VIR(virDomainReboot, Domain, Const<0u>) is called on a domain, with flags that JavaScript does not give.
#define VIR(function, ...) Row<LibvirtLibrary, &LibvirtApi::function, __VA_ARGS__>(#function)

// libvirt-qemu is a library of its own, which need not be there. It tells its errors as libvirt does.
template <>
inline const LibvirtQemuApi& TableOf<LibvirtQemuApi>() {
  return LibvirtQemu();
}
struct LibvirtQemuLibrary : LibvirtLibrary {
  static bool Load(Task& task);
  static const char* Since(const void* /*pointer*/) { return "libvirt 9.0"; }
};
#define QEMU(function, ...) Row<LibvirtQemuLibrary, &LibvirtQemuApi::function, __VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_ROW_H_
