// LibvirtAdminApi is libvirt-admin, opened at run time: what a libvirt daemon tells of itself.
#ifndef RBDKIT_SYS_LIBVIRT_ADMIN_H_
#define RBDKIT_SYS_LIBVIRT_ADMIN_H_

#include <libvirt/libvirt-admin.h>

#include "sys/generated/libvirt_admin.h"
#include "sys/library.h"

namespace rbdkit {

struct LibvirtAdminApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_LIBVIRT_ADMIN_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadLibvirtAdmin() opens libvirt-admin on the first call and initialises it; later calls return at once. It
// comes after LoadLibvirt(), which takes the errors of both. Any thread.
bool LoadLibvirtAdmin(LibraryError* error);

// libvirt_admin_api is the table. It is used only after LoadLibvirtAdmin() returned true.
extern LibvirtAdminApi libvirt_admin_api;
inline const LibvirtAdminApi& LibvirtAdmin() { return libvirt_admin_api; }

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBVIRT_ADMIN_H_
