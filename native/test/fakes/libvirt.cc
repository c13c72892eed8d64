// A libvirt that is connected to nothing: every function of the table succeeds with an empty answer, or fails
// with one error when RBDKIT_FAKE_ERROR lists it. See common.h. With RBDKIT_FAKE_QEMU it is libvirt-qemu,
// with RBDKIT_FAKE_ADMIN libvirt-admin.
#ifdef RBDKIT_FAKE_QEMU
#include "sys/generated/libvirt_qemu.h"
#define RBDKIT_FAKE_FUNCTIONS RBDKIT_LIBVIRT_QEMU_FUNCTIONS
#elif defined(RBDKIT_FAKE_ADMIN)
#include "sys/generated/libvirt_admin.h"
#define RBDKIT_FAKE_FUNCTIONS RBDKIT_LIBVIRT_ADMIN_FUNCTIONS
#else
#include "sys/generated/libvirt.h"
#define RBDKIT_FAKE_FUNCTIONS RBDKIT_LIBVIRT_FUNCTIONS
#endif

#include <libvirt/libvirt-admin.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cstring>
#include <type_traits>

#include "sys/later/libvirt.h"
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
  if constexpr (std::is_same_v<R, unsigned long> || std::is_same_v<R, unsigned long long>) {
    return fails ? 0 : 1;  // a size, of which 0 is none
  } else if constexpr (std::is_integral_v<R>) {
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

RBDKIT_FAKE_FUNCTIONS(RBDKIT_STUB)
