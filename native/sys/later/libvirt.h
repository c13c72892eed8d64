// Functions of libvirt that are newer than the headers of 9.0, with which rbdkit is built: declarations of
// our own. Headers that have them declare the same.
#ifndef RBDKIT_SYS_LATER_LIBVIRT_H_
#define RBDKIT_SYS_LATER_LIBVIRT_H_

#include <libvirt/libvirt.h>

// Source: libvirt/libvirt-network.h of libvirt 9.8.0.
#define VIR_NETWORK_EVENT_ID_METADATA_CHANGE 1
using LaterNetworkMetadataChangeCallback = void (*)(virConnectPtr conn, virNetworkPtr net, int type,
                                                    const char* nsuri, void* opaque);

// Source: libvirt/libvirt-domain.h of libvirt 11.2.0.
#define VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE 27
using LaterDomainNicMacChangeCallback = void (*)(virConnectPtr conn, virDomainPtr dom, const char* alias,
                                                 const char* oldMAC, const char* newMAC, void* opaque);

extern "C" {

// Source: libvirt/libvirt-network.h of libvirt 9.7.0.
char* virNetworkGetMetadata(virNetworkPtr network, int type, const char* uri, unsigned int flags);
int virNetworkSetMetadata(virNetworkPtr network, int type, const char* metadata, const char* key,
                          const char* uri, unsigned int flags);

// Source: libvirt/libvirt-nodedev.h of libvirt 10.1.0.
int virNodeDeviceUpdate(virNodeDevicePtr dev, const char* xmlDesc, unsigned int flags);

// Source: libvirt/libvirt-domain.h of libvirt 10.2.0.
int virDomainGraphicsReload(virDomainPtr domain, unsigned int type, unsigned int flags);

// Source: libvirt/libvirt-domain.h of libvirt 11.2.0.
int virDomainGetAutostartOnce(virDomainPtr domain, int* autostart);
int virDomainSetAutostartOnce(virDomainPtr domain, int autostart);
int virDomainSetThrottleGroup(virDomainPtr domain, const char* group, virTypedParameterPtr params,
                              int nparams, unsigned int flags);
int virDomainDelThrottleGroup(virDomainPtr domain, const char* group, unsigned int flags);

// Source: libvirt/libvirt-domain.h of libvirt 12.5.0.
int virDomainAnnounceInterface(virDomainPtr domain, const char* device, virTypedParameterPtr params,
                               int nparams, unsigned int flags);

}  // extern "C"

#endif  // RBDKIT_SYS_LATER_LIBVIRT_H_
