// An Object is what a connection knows by a pointer: a domain, a network, a storage pool and so on. It is
// made and closed on executors' threads.
#ifndef RBDKIT_LIBVIRT_OBJECT_H_
#define RBDKIT_LIBVIRT_OBJECT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/kinds.h"
#include "core/value.h"
#include "libvirt/connection.h"

namespace rbdkit {

template <>
inline const LibvirtApi& TableOf<LibvirtApi>() {
  return Libvirt();
}

// An Object's `Facts` are what never changes in its life (its name, its UUID), read once on an executor's
// thread. Freeing (`kFree`, of a library's table) is local, and the last reference of `Parent`, the
// connection that knows it, may go with it.
template <typename T, typename FactsType, auto kFree, typename Parent = Connection>
class Object final : public Handle {
 public:
  static constexpr const char* kKind = FactsType::kKind;
  using Pointer = T*;
  using Facts = FactsType;

  Object(std::shared_ptr<Parent> connection, T* pointer)
      : Object(std::move(connection), pointer, Facts(pointer)) {}
  ~Object() override { Close(); }

  int Close() override {
    if (pointer_ != nullptr) bind::InTable(kFree)(pointer_);
    pointer_ = nullptr;
    return 0;
  }

  T* get() const { return pointer_; }
  const Facts& facts() const { return facts_; }
  const std::shared_ptr<Parent>& connection() const { return connection_; }

 private:
  Object(std::shared_ptr<Parent> connection, T* pointer, Facts facts)
      : Handle(connection->shared_executors(), facts.Label()),
        connection_(std::move(connection)),
        pointer_(pointer),
        facts_(std::move(facts)) {}

  const std::shared_ptr<Parent> connection_;
  T* pointer_;
  const Facts facts_;
};

template <typename T, typename Facts, auto kFree, typename Parent>
T* CHandle(const Object<T, Facts, kFree, Parent>& object) {
  return object.get();
}

template <typename T, typename Facts, auto kFree, typename Parent>
const std::shared_ptr<Parent>& ConnectionOf(const Object<T, Facts, kFree, Parent>& object) {
  return object.connection();
}

// Text() gives a text that libvirt owns, or "".
inline std::string Text(const char* text) { return text != nullptr ? text : ""; }

struct DomainFacts {
  static constexpr const char* kKind = "Domain";
  explicit DomainFacts(virDomainPtr domain);
  std::string Label() const { return "domain " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"uuid", uuid}}; }
  std::string name;
  std::string uuid;
};
using Domain = Object<virDomain, DomainFacts, &LibvirtApi::virDomainFree>;

struct DomainSnapshotFacts {
  static constexpr const char* kKind = "DomainSnapshot";
  explicit DomainSnapshotFacts(virDomainSnapshotPtr snapshot);
  std::string Label() const { return "snapshot " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}}; }
  std::string name;
};
using DomainSnapshot = Object<virDomainSnapshot, DomainSnapshotFacts, &LibvirtApi::virDomainSnapshotFree>;

struct DomainCheckpointFacts {
  static constexpr const char* kKind = "DomainCheckpoint";
  explicit DomainCheckpointFacts(virDomainCheckpointPtr checkpoint);
  std::string Label() const { return "checkpoint " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}}; }
  std::string name;
};
using DomainCheckpoint =
    Object<virDomainCheckpoint, DomainCheckpointFacts, &LibvirtApi::virDomainCheckpointFree>;

struct NetworkFacts {
  static constexpr const char* kKind = "Network";
  explicit NetworkFacts(virNetworkPtr network);
  std::string Label() const { return "network " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"uuid", uuid}}; }
  std::string name;
  std::string uuid;
};
using Network = Object<virNetwork, NetworkFacts, &LibvirtApi::virNetworkFree>;

struct NetworkPortFacts {
  static constexpr const char* kKind = "NetworkPort";
  explicit NetworkPortFacts(virNetworkPortPtr port);
  std::string Label() const { return "network port " + uuid; }
  std::vector<Value::Field> Fields() const { return {{"uuid", uuid}}; }
  std::string uuid;
};
using NetworkPort = Object<virNetworkPort, NetworkPortFacts, &LibvirtApi::virNetworkPortFree>;

struct InterfaceFacts {
  static constexpr const char* kKind = "Interface";
  explicit InterfaceFacts(virInterfacePtr interface);
  std::string Label() const { return "interface " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"mac", mac}}; }
  std::string name;
  std::string mac;
};
using Interface = Object<virInterface, InterfaceFacts, &LibvirtApi::virInterfaceFree>;

struct NodeDeviceFacts {
  static constexpr const char* kKind = "NodeDevice";
  explicit NodeDeviceFacts(virNodeDevicePtr device);
  std::string Label() const { return "node device " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}}; }
  std::string name;
};
using NodeDevice = Object<virNodeDevice, NodeDeviceFacts, &LibvirtApi::virNodeDeviceFree>;

struct NWFilterFacts {
  static constexpr const char* kKind = "NWFilter";
  explicit NWFilterFacts(virNWFilterPtr filter);
  std::string Label() const { return "network filter " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"uuid", uuid}}; }
  std::string name;
  std::string uuid;
};
using NWFilter = Object<virNWFilter, NWFilterFacts, &LibvirtApi::virNWFilterFree>;

struct NWFilterBindingFacts {
  static constexpr const char* kKind = "NWFilterBinding";
  explicit NWFilterBindingFacts(virNWFilterBindingPtr binding);
  std::string Label() const { return "binding of " + port_dev; }
  std::vector<Value::Field> Fields() const { return {{"portDev", port_dev}, {"filterName", filter_name}}; }
  std::string port_dev;
  std::string filter_name;
};
using NWFilterBinding = Object<virNWFilterBinding, NWFilterBindingFacts, &LibvirtApi::virNWFilterBindingFree>;

struct StoragePoolFacts {
  static constexpr const char* kKind = "StoragePool";
  explicit StoragePoolFacts(virStoragePoolPtr pool);
  std::string Label() const { return "storage pool " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"uuid", uuid}}; }
  std::string name;
  std::string uuid;
};
using StoragePool = Object<virStoragePool, StoragePoolFacts, &LibvirtApi::virStoragePoolFree>;

struct StorageVolumeFacts {
  static constexpr const char* kKind = "StorageVolume";
  explicit StorageVolumeFacts(virStorageVolPtr volume);
  std::string Label() const { return "volume " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}, {"key", key}}; }
  std::string name;
  std::string key;
};
using StorageVolume = Object<virStorageVol, StorageVolumeFacts, &LibvirtApi::virStorageVolFree>;

struct SecretFacts {
  static constexpr const char* kKind = "Secret";
  explicit SecretFacts(virSecretPtr secret);
  std::string Label() const { return "secret " + uuid; }
  std::vector<Value::Field> Fields() const {
    return {{"uuid", uuid}, {"usageType", usage_type}, {"usageId", usage_id}};
  }
  std::string uuid;
  int usage_type;
  std::string usage_id;
};
using Secret = Object<virSecret, SecretFacts, &LibvirtApi::virSecretFree>;

// Described() makes { handle, ...facts }.
template <typename T>
Value Described(std::shared_ptr<T> handle) {
  std::vector<Value::Field> fields = handle->facts().Fields();
  fields.insert(fields.begin(), {"handle", Value::Opened(std::move(handle))});
  return Value::Fields(std::move(fields));
}

// HandleOf names the handle of a C object.
template <typename T>
struct HandleOf;
#define RBDKIT_HANDLE_OF(c, handle) \
  template <>                       \
  struct HandleOf<c> {              \
    using Type = handle;            \
  };
RBDKIT_HANDLE_OF(virDomain, Domain)
RBDKIT_HANDLE_OF(virDomainSnapshot, DomainSnapshot)
RBDKIT_HANDLE_OF(virDomainCheckpoint, DomainCheckpoint)
RBDKIT_HANDLE_OF(virNetwork, Network)
RBDKIT_HANDLE_OF(virNetworkPort, NetworkPort)
RBDKIT_HANDLE_OF(virInterface, Interface)
RBDKIT_HANDLE_OF(virNodeDevice, NodeDevice)
RBDKIT_HANDLE_OF(virNWFilter, NWFilter)
RBDKIT_HANDLE_OF(virNWFilterBinding, NWFilterBinding)
RBDKIT_HANDLE_OF(virStoragePool, StoragePool)
RBDKIT_HANDLE_OF(virStorageVol, StorageVolume)
RBDKIT_HANDLE_OF(virSecret, Secret)
#undef RBDKIT_HANDLE_OF

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_OBJECT_H_
