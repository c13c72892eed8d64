// What never changes of an object is read when it is made, on an executor's thread.
#include "libvirt/object.h"

namespace rbdkit {

namespace {

// A UuidOf() is the text of an object's UUID.
template <typename T>
std::string UuidOf(T* object, int (*get)(T*, char*)) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  get(object, text);
  return text;
}

}  // namespace

DomainFacts::DomainFacts(virDomainPtr domain)
    : name(Text(Libvirt().virDomainGetName(domain))),
      uuid(UuidOf(domain, Libvirt().virDomainGetUUIDString)) {}

DomainSnapshotFacts::DomainSnapshotFacts(virDomainSnapshotPtr snapshot)
    : name(Text(Libvirt().virDomainSnapshotGetName(snapshot))) {}

DomainCheckpointFacts::DomainCheckpointFacts(virDomainCheckpointPtr checkpoint)
    : name(Text(Libvirt().virDomainCheckpointGetName(checkpoint))) {}

NetworkFacts::NetworkFacts(virNetworkPtr network)
    : name(Text(Libvirt().virNetworkGetName(network))),
      uuid(UuidOf(network, Libvirt().virNetworkGetUUIDString)) {}

NetworkPortFacts::NetworkPortFacts(virNetworkPortPtr port)
    : uuid(UuidOf(port, Libvirt().virNetworkPortGetUUIDString)) {}

InterfaceFacts::InterfaceFacts(virInterfacePtr interface)
    : name(Text(Libvirt().virInterfaceGetName(interface))),
      mac(Text(Libvirt().virInterfaceGetMACString(interface))) {}

NodeDeviceFacts::NodeDeviceFacts(virNodeDevicePtr device)
    : name(Text(Libvirt().virNodeDeviceGetName(device))) {}

NWFilterFacts::NWFilterFacts(virNWFilterPtr filter)
    : name(Text(Libvirt().virNWFilterGetName(filter))),
      uuid(UuidOf(filter, Libvirt().virNWFilterGetUUIDString)) {}

NWFilterBindingFacts::NWFilterBindingFacts(virNWFilterBindingPtr binding)
    : port_dev(Text(Libvirt().virNWFilterBindingGetPortDev(binding))),
      filter_name(Text(Libvirt().virNWFilterBindingGetFilterName(binding))) {}

StoragePoolFacts::StoragePoolFacts(virStoragePoolPtr pool)
    : name(Text(Libvirt().virStoragePoolGetName(pool))),
      uuid(UuidOf(pool, Libvirt().virStoragePoolGetUUIDString)) {}

StorageVolumeFacts::StorageVolumeFacts(virStorageVolPtr volume)
    : name(Text(Libvirt().virStorageVolGetName(volume))), key(Text(Libvirt().virStorageVolGetKey(volume))) {}

SecretFacts::SecretFacts(virSecretPtr secret)
    : uuid(UuidOf(secret, Libvirt().virSecretGetUUIDString)),
      usage_type(Libvirt().virSecretGetUsageType(secret)),
      usage_id(Text(Libvirt().virSecretGetUsageID(secret))) {}

}  // namespace rbdkit
