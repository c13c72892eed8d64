// The error of the fake libvirt, in a file of its own because a stub of the same name stands in libvirt.cc.
#include <libvirt/virterror.h>

#pragma GCC visibility push(default)

extern "C" virErrorPtr virGetLastError(void) {
  static char message[] = "told by the fake";
  static virError error{};
  error.code = VIR_ERR_OPERATION_FAILED;
  error.domain = VIR_FROM_TEST;
  error.level = VIR_ERR_ERROR;
  error.message = message;
  return &error;
}
