// An Object is what a connection knows by a pointer: a domain, a storage pool, a volume, a secret. It is made
// and closed on executors' threads.
#ifndef RBDKIT_LIBVIRT_OBJECT_H_
#define RBDKIT_LIBVIRT_OBJECT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/value.h"
#include "libvirt/connection.h"

namespace rbdkit {

// An Object's `Facts` are what never changes in its life (its name, its UUID), read once on an executor's
// thread. Freeing is local, and the connection's last reference may go with it.
template <typename T, typename FactsType, int (*LibvirtApi::*Free)(T*)>
class Object final : public Handle {
 public:
  static constexpr const char* kKind = FactsType::kKind;
  using Pointer = T*;
  using Facts = FactsType;

  Object(std::shared_ptr<Connection> connection, T* pointer)
      : Object(std::move(connection), pointer, Facts(pointer)) {}
  ~Object() override { Close(); }

  int Close() override {
    if (pointer_ != nullptr) (Libvirt().*Free)(pointer_);
    pointer_ = nullptr;
    return 0;
  }

  T* get() const { return pointer_; }
  const Facts& facts() const { return facts_; }
  const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  Object(std::shared_ptr<Connection> connection, T* pointer, Facts facts)
      : Handle(connection->shared_executors(), facts.Label()),
        connection_(std::move(connection)),
        pointer_(pointer),
        facts_(std::move(facts)) {}

  const std::shared_ptr<Connection> connection_;
  T* pointer_;
  const Facts facts_;
};

template <typename T, typename Facts, int (*LibvirtApi::*Free)(T*)>
T* CHandle(const Object<T, Facts, Free>& object) {
  return object.get();
}

template <typename T, typename Facts, int (*LibvirtApi::*Free)(T*)>
const std::shared_ptr<Connection>& ConnectionOf(const Object<T, Facts, Free>& object) {
  return object.connection();
}

// Text() gives a text that libvirt owns, or "".
inline std::string Text(const char* text) { return text != nullptr ? text : ""; }

struct DomainFacts {
  static constexpr const char* kKind = "Domain";
  explicit DomainFacts(virDomainPtr domain);
  std::string Label() const { return "domain " + name; }
  std::vector<Value::Field> Fields() const;
  std::string name;
  std::string uuid;
};
using Domain = Object<virDomain, DomainFacts, &LibvirtApi::virDomainFree>;

struct StoragePoolFacts {
  static constexpr const char* kKind = "StoragePool";
  explicit StoragePoolFacts(virStoragePoolPtr pool);
  std::string Label() const { return "storage pool " + name; }
  std::vector<Value::Field> Fields() const;
  std::string name;
  std::string uuid;
};
using StoragePool = Object<virStoragePool, StoragePoolFacts, &LibvirtApi::virStoragePoolFree>;

struct StorageVolumeFacts {
  static constexpr const char* kKind = "StorageVolume";
  explicit StorageVolumeFacts(virStorageVolPtr volume);
  std::string Label() const { return "volume " + name; }
  std::vector<Value::Field> Fields() const;
  std::string name;
  std::string key;
};
using StorageVolume = Object<virStorageVol, StorageVolumeFacts, &LibvirtApi::virStorageVolFree>;

struct SecretFacts {
  static constexpr const char* kKind = "Secret";
  explicit SecretFacts(virSecretPtr secret);
  std::string Label() const { return "secret " + uuid; }
  std::vector<Value::Field> Fields() const;
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
template <>
struct HandleOf<virDomain> {
  using Type = Domain;
};
template <>
struct HandleOf<virStoragePool> {
  using Type = StoragePool;
};
template <>
struct HandleOf<virStorageVol> {
  using Type = StorageVolume;
};
template <>
struct HandleOf<virSecret> {
  using Type = Secret;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_OBJECT_H_
