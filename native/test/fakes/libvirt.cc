// A libvirt that is connected to nothing: every function of the table succeeds with an empty answer, or fails
// with one error when RBDKIT_FAKE_ERROR lists it. See common.h.
#include "sys/generated/libvirt.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cstring>
#include <type_traits>

#include "test/fakes/common.h"

namespace {

template <typename Function>
struct ResultOf;
template <typename R, typename... Arguments>
struct ResultOf<R (*)(Arguments...)> {
  using Type = R;
};

// What objects point to. Nobody looks at it.
char object[1];

template <typename R>
R Answer(bool fails) {
  if constexpr (std::is_integral_v<R>) {
    return fails ? R(-1) : R(0);
  } else if constexpr (std::is_same_v<R, const char*>) {
    return fails ? nullptr : "fake";
  } else if constexpr (std::is_same_v<R, char*>) {
    return fails ? nullptr : strdup("fake");
  } else if constexpr (std::is_pointer_v<R>) {
    return fails ? nullptr : reinterpret_cast<R>(object);
  }
}

}  // namespace

#define RBDKIT_STUB(function, since)                                                  \
  extern "C" __attribute__((weak, visibility("default")))                             \
  ResultOf<decltype(&::function)>::Type stub_##function() __asm__(#function);         \
  ResultOf<decltype(&::function)>::Type stub_##function() {                           \
    return Answer<ResultOf<decltype(&::function)>::Type>(fake::Fault(#function) < 0); \
  }

RBDKIT_LIBVIRT_FUNCTIONS(RBDKIT_STUB)
