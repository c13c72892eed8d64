// libvirt, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_LIBVIRT_H_
#define RBDKIT_SYS_LIBVIRT_H_

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sys/library.h"

// F(function, since): see sys/rados.h.
#define RBDKIT_LIBVIRT_FUNCTIONS(F) \
  F(virInitialize, nullptr) \
  F(virGetVersion, nullptr) \
  F(virConnectOpen, nullptr) \
  F(virConnectOpenReadOnly, nullptr) \
  F(virConnectClose, nullptr) \
  F(virConnectGetLibVersion, nullptr) \
  F(virConnectGetVersion, nullptr) \
  F(virConnectIsAlive, nullptr) \
  F(virConnectGetURI, nullptr) \
  F(virConnectGetType, nullptr) \
  F(virConnectGetHostname, nullptr) \
  F(virGetLastError, nullptr) \
  F(virResetLastError, nullptr) \
  F(virSetErrorFunc, nullptr)

namespace rbdkit {

struct LibvirtApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_LIBVIRT_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens libvirt on the first call; later calls return at once. Any thread.
bool LoadLibvirt(LibraryError* error);

// The table; only after LoadLibvirt() returned true.
extern LibvirtApi libvirt_api;
inline const LibvirtApi& Libvirt() { return libvirt_api; }

// Calls `visit(name, present)` for every function of the table; only after LoadLibvirt().
void VisitLibvirt(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBVIRT_H_
