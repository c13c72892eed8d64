// The fake libvirt's close callback: one that it was not made to forget is called while the next connection
// is opened, long after its own was closed.
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "test/fakes/common.h"

namespace {

virConnectCloseFunc callback = nullptr;
void* opaque = nullptr;

}  // namespace

#pragma GCC visibility push(default)

extern "C" int virConnectRegisterCloseCallback(virConnectPtr /*connection*/, virConnectCloseFunc function,
                                               void* told, virFreeCallback /*free*/) {
  if (fake::Fault("virConnectRegisterCloseCallback") < 0) return -1;
  callback = function;
  opaque = told;
  return 0;
}

extern "C" int virConnectUnregisterCloseCallback(virConnectPtr /*connection*/,
                                                 virConnectCloseFunc /*function*/) {
  if (fake::Fault("virConnectUnregisterCloseCallback") < 0) return -1;
  callback = nullptr;
  return 0;
}

extern "C" virConnectPtr virConnectOpen(const char* /*uri*/) {
  static char connection[1];
  if (fake::Fault("virConnectOpen") < 0) return nullptr;
  const auto pointer = reinterpret_cast<virConnectPtr>(connection);
  if (callback != nullptr) callback(pointer, VIR_CONNECT_CLOSE_REASON_EOF, opaque);
  return pointer;
}
