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
#include "libvirt/object.h"

namespace rbdkit {

template <>
inline const LibvirtApi& TableOf<LibvirtApi>() {
  return Libvirt();
}

// A ReturnsFlag says that the number which the function returns is the value: 1 or 0 for yes or no.
struct ReturnsFlag {
  static constexpr const char* kKind = "";
  explicit ReturnsFlag(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::tuple<>(); }
  static Value Of(int result) { return result == 1; }
};

// OutObjects is a list of objects that libvirt allocates, ended by a null pointer.
template <typename T>
struct OutObjects {
  static constexpr const char* kKind = "";
  explicit OutObjects(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&list); }
  template <typename Self>
  Value Take(Self& self) {
    std::vector<Value> values;
    for (size_t i = 0; list != nullptr && list[i] != nullptr; ++i) {
      values.push_back(Described(std::make_shared<T>(ConnectionOf(self), list[i])));
    }
    free(list);
    return Value::List(std::move(values));
  }
  typename T::Pointer* list = nullptr;
};

// A result's type says what it means. A negative number is a failure, and so is a null pointer. A `char *` is
// freed, a `const char *` is libvirt's own, and any other pointer is a new object.
struct LibvirtLibrary {
  // Whoever has a connection has loaded it.
  static bool Load(Task& /*task*/) { return true; }
  static const char* Since(const void* pointer) { return LibvirtSince(pointer); }

  template <typename Self, typename Result, typename... Kinds>
  static void Settle(Task& task, Self& self, Result result, std::tuple<Kinds...>& kinds) {
    if constexpr (std::is_integral_v<Result>) {
      if (result < 0) return Fail(task);
      if constexpr ((std::is_same_v<Kinds, ReturnsFlag> || ...)) {
        task.value = ReturnsFlag::Of(result);
      } else {
        task.value = bind::TakeAll(self, kinds);
      }
    } else {
      if (result == nullptr) return Fail(task);
      if constexpr (std::is_same_v<Result, char*>) {
        task.value = Value(result);
        free(result);
      } else if constexpr (std::is_same_v<Result, const char*>) {
        task.value = Value(result);
      } else {
        using Opened = typename HandleOf<std::remove_pointer_t<Result>>::Type;
        task.value = Described(std::make_shared<Opened>(ConnectionOf(self), result));
      }
    }
  }
};

// VIR(virDomainReboot, Domain, Const<0u>) is called on a domain, with flags that JavaScript does not give.
#define VIR(function, ...) Row<LibvirtLibrary, &LibvirtApi::function, __VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_ROW_H_
