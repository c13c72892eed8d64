// What a connection knows by a pointer: domains, storage pools, volumes, secrets. And the usual ways to call
// it.
#ifndef RBDKIT_LIBVIRT_OBJECT_H_
#define RBDKIT_LIBVIRT_OBJECT_H_

#include <napi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/connection.h"

namespace rbdkit {

// `Facts` is what never changes in the object's life (its name, its UUID), read once on an executor's thread.
// Freeing is local; the connection's last reference goes with it.
template <typename T, typename FactsType, int (*LibvirtApi::*Free)(T*)>
class Object final : public Handle {
 public:
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

// A text that libvirt owns, or "".
inline std::string Text(const char* text) { return text != nullptr ? text : ""; }

struct DomainFacts {
  explicit DomainFacts(virDomainPtr domain);
  std::string Label() const { return "domain " + name; }
  void Describe(Napi::Object object) const;
  std::string name;
  std::string uuid;
};
using Domain = Object<virDomain, DomainFacts, &LibvirtApi::virDomainFree>;

struct StoragePoolFacts {
  explicit StoragePoolFacts(virStoragePoolPtr pool);
  std::string Label() const { return "storage pool " + name; }
  void Describe(Napi::Object object) const;
  std::string name;
  std::string uuid;
};
using StoragePool = Object<virStoragePool, StoragePoolFacts, &LibvirtApi::virStoragePoolFree>;

struct StorageVolumeFacts {
  explicit StorageVolumeFacts(virStorageVolPtr volume);
  std::string Label() const { return "volume " + name; }
  void Describe(Napi::Object object) const;
  std::string name;
  std::string key;
};
using StorageVolume = Object<virStorageVol, StorageVolumeFacts, &LibvirtApi::virStorageVolFree>;

struct SecretFacts {
  explicit SecretFacts(virSecretPtr secret);
  std::string Label() const { return "secret " + uuid; }
  void Describe(Napi::Object object) const;
  std::string uuid;
  int usage_type;
  std::string usage_id;
};
using Secret = Object<virSecret, SecretFacts, &LibvirtApi::virSecretFree>;

// { handle, ...facts }. JavaScript thread.
template <typename T>
Napi::Value DescribedHandle(Napi::Env env, const std::shared_ptr<T>& handle) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("handle", Napi::Number::New(env, Environment::Of(env).handles().Add(handle)));
  handle->facts().Describe(object);
  return object;
}

// function(pointer) gives a new object: defining, creating, looking up. `of` is a handle of the connection.
template <typename T, typename Of, typename Function>
void RunNew(Call& call, const std::shared_ptr<Of>& of, const std::shared_ptr<Connection>& connection,
            Function function) {
  call.Run(of, [of = of.get(), connection, function](Task& task) {
    const typename T::Pointer pointer = function(of->get());
    if (pointer == nullptr) return Fail(task);
    task.value = [object = std::make_shared<T>(connection, pointer)](Napi::Env env) {
      return DescribedHandle(env, object);
    };
  });
}

// function(pointer, &array) gives a count and an array of objects.
template <typename T, typename Of, typename Function>
void RunList(Call& call, const std::shared_ptr<Of>& of, const std::shared_ptr<Connection>& connection,
             Function function) {
  call.Run(of, [of = of.get(), connection, function](Task& task) {
    typename T::Pointer* list = nullptr;
    const int count = function(of->get(), &list);
    if (count < 0) return Fail(task);
    std::vector<std::shared_ptr<T>> objects;
    objects.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) objects.push_back(std::make_shared<T>(connection, list[i]));
    free(list);
    task.value = [objects = std::move(objects)](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, objects.size());
      for (uint32_t i = 0; i < objects.size(); ++i) array[i] = DescribedHandle(env, objects[i]);
      return array;
    };
  });
}

// function(pointer) gives 0 or -1.
template <typename T, typename Function>
void RunAction(Call& call, const std::shared_ptr<T>& object, Function function) {
  call.Run(object, [object = object.get(), function](Task& task) {
    if (function(object->get()) < 0) Fail(task);
  });
}

// function(pointer) gives a text to free.
template <typename T, typename Function>
void RunText(Call& call, const std::shared_ptr<T>& object, Function function) {
  call.Run(object, [object = object.get(), function](Task& task) {
    char* text = function(object->get());
    if (text == nullptr) return Fail(task);
    task.value = StringValue(text);
    free(text);
  });
}

// function(pointer) gives 1, 0 or -1.
template <typename T, typename Function>
void RunFlag(Call& call, const std::shared_ptr<T>& object, Function function) {
  call.Run(object, [object = object.get(), function](Task& task) {
    const int flag = function(object->get());
    if (flag < 0) return Fail(task);
    task.value = BoolValue(flag == 1);
  });
}

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_OBJECT_H_
