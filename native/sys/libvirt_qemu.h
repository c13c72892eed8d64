// LibvirtQemuApi is libvirt-qemu, opened at run time: what libvirt offers for QEMU only.
#ifndef RBDKIT_SYS_LIBVIRT_QEMU_H_
#define RBDKIT_SYS_LIBVIRT_QEMU_H_

#include <libvirt/libvirt-qemu.h>

#include "sys/generated/libvirt_qemu.h"
#include "sys/library.h"

namespace rbdkit {

struct LibvirtQemuApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_LIBVIRT_QEMU_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadLibvirtQemu() opens libvirt-qemu on the first call; later calls return at once. Any thread.
bool LoadLibvirtQemu(LibraryError* error);

// libvirt_qemu_api is the table. It is used only after LoadLibvirtQemu() returned true.
extern LibvirtQemuApi libvirt_qemu_api;
inline const LibvirtQemuApi& LibvirtQemu() { return libvirt_qemu_api; }

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBVIRT_QEMU_H_
