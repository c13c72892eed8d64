// libvirt, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_LIBVIRT_H_
#define RBDKIT_SYS_LIBVIRT_H_

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sys/library.h"

// F(function, since): see sys/rados.h.
#define RBDKIT_LIBVIRT_FUNCTIONS(F)            \
  F(virInitialize, nullptr)                    \
  F(virGetVersion, nullptr)                    \
  F(virGetLastError, nullptr)                  \
  F(virSetErrorFunc, nullptr)                  \
  F(virEventRegisterImpl, nullptr)             \
  F(virConnectOpen, nullptr)                   \
  F(virConnectOpenReadOnly, nullptr)           \
  F(virConnectClose, nullptr)                  \
  F(virConnectSetKeepAlive, nullptr)           \
  F(virConnectGetLibVersion, nullptr)          \
  F(virConnectGetVersion, nullptr)             \
  F(virConnectIsAlive, nullptr)                \
  F(virConnectGetURI, nullptr)                 \
  F(virConnectGetType, nullptr)                \
  F(virConnectGetHostname, nullptr)            \
  F(virConnectListAllSecrets, nullptr)         \
  F(virSecretDefineXML, nullptr)               \
  F(virSecretLookupByUUIDString, nullptr)      \
  F(virSecretLookupByUsage, nullptr)           \
  F(virSecretGetUUIDString, nullptr)           \
  F(virSecretGetUsageType, nullptr)            \
  F(virSecretGetUsageID, nullptr)              \
  F(virSecretSetValue, nullptr)                \
  F(virSecretGetValue, nullptr)                \
  F(virSecretGetXMLDesc, nullptr)              \
  F(virSecretUndefine, nullptr)                \
  F(virSecretFree, nullptr)                    \
  F(virConnectListAllStoragePools, nullptr)    \
  F(virStoragePoolDefineXML, nullptr)          \
  F(virStoragePoolLookupByName, nullptr)       \
  F(virStoragePoolLookupByUUIDString, nullptr) \
  F(virStoragePoolGetName, nullptr)            \
  F(virStoragePoolGetUUIDString, nullptr)      \
  F(virStoragePoolBuild, nullptr)              \
  F(virStoragePoolCreate, nullptr)             \
  F(virStoragePoolSetAutostart, nullptr)       \
  F(virStoragePoolGetAutostart, nullptr)       \
  F(virStoragePoolRefresh, nullptr)            \
  F(virStoragePoolGetInfo, nullptr)            \
  F(virStoragePoolIsActive, nullptr)           \
  F(virStoragePoolListAllVolumes, nullptr)     \
  F(virStoragePoolGetXMLDesc, nullptr)         \
  F(virStoragePoolDestroy, nullptr)            \
  F(virStoragePoolUndefine, nullptr)           \
  F(virStoragePoolFree, nullptr)               \
  F(virStorageVolLookupByName, nullptr)        \
  F(virStorageVolCreateXML, nullptr)           \
  F(virStorageVolCreateXMLFrom, nullptr)       \
  F(virStorageVolGetName, nullptr)             \
  F(virStorageVolGetKey, nullptr)              \
  F(virStorageVolGetPath, nullptr)             \
  F(virStorageVolGetInfo, nullptr)             \
  F(virStorageVolResize, nullptr)              \
  F(virStorageVolDelete, nullptr)              \
  F(virStorageVolGetXMLDesc, nullptr)          \
  F(virStorageVolFree, nullptr)                \
  F(virConnectListAllDomains, nullptr)         \
  F(virDomainDefineXML, nullptr)               \
  F(virDomainCreateXML, nullptr)               \
  F(virDomainLookupByName, nullptr)            \
  F(virDomainLookupByUUIDString, nullptr)      \
  F(virDomainGetName, nullptr)                 \
  F(virDomainGetUUIDString, nullptr)           \
  F(virDomainGetID, nullptr)                   \
  F(virDomainCreate, nullptr)                  \
  F(virDomainGetInfo, nullptr)                 \
  F(virDomainGetState, nullptr)                \
  F(virDomainGetXMLDesc, nullptr)              \
  F(virDomainAttachDeviceFlags, nullptr)       \
  F(virDomainDetachDeviceFlags, nullptr)       \
  F(virDomainShutdown, nullptr)                \
  F(virDomainReboot, nullptr)                  \
  F(virDomainDestroyFlags, nullptr)            \
  F(virDomainUndefineFlags, nullptr)           \
  F(virDomainIsActive, nullptr)                \
  F(virDomainIsPersistent, nullptr)            \
  F(virDomainFree, nullptr)

namespace rbdkit {

struct LibvirtApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_LIBVIRT_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens libvirt on the first call and initialises it; later calls return at once. From then on libvirt prints
// nothing on stderr: errors are taken per call. Any thread.
bool LoadLibvirt(LibraryError* error);

// The table; only after LoadLibvirt() returned true.
extern LibvirtApi libvirt_api;
inline const LibvirtApi& Libvirt() { return libvirt_api; }

// Calls `visit(name, present)` for every function of the table; only after LoadLibvirt().
void VisitLibvirt(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBVIRT_H_
