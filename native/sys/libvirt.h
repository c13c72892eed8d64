// LibvirtApi is libvirt, opened at run time, with one typed pointer for each function that is used.
#ifndef RBDKIT_SYS_LIBVIRT_H_
#define RBDKIT_SYS_LIBVIRT_H_

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sys/generated/libvirt.h"
#include "sys/later/libvirt.h"
#include "sys/library.h"

namespace rbdkit {

struct LibvirtApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_LIBVIRT_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadLibvirt() opens libvirt on the first call and initialises it; later calls return at once. From then on
// libvirt prints nothing on stderr, because errors are taken per call. Any thread.
bool LoadLibvirt(LibraryError* error);

// libvirt_api is the table. It is used only after LoadLibvirt() returned true.
extern LibvirtApi libvirt_api;
inline const LibvirtApi& Libvirt() { return libvirt_api; }

// The release that brought the function whose pointer in the table this is; nullptr: every one has it.
const char* LibvirtSince(const void* pointer);

// VisitLibvirt() calls `visit(name, present)` for every function of the table; only after LoadLibvirt().
void VisitLibvirt(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBVIRT_H_
