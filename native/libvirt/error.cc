// libvirt's errors, on their way to JavaScript.
#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/call.h"
#include "libvirt/binding.h"
#include "sys/libvirt.h"

namespace rbdkit {

bool LibvirtLoaded(Task& task) {
  LibraryError error;
  if (LoadLibvirt(&error)) return true;
  task.result = -ENOSYS;
  task.value = StringValue(error.message);
  return false;
}

ValueMaker LastError() {
  const virError* error = Libvirt().virGetLastError();
  const int code = error != nullptr ? error->code : VIR_ERR_OK;
  const int domain = error != nullptr ? error->domain : VIR_FROM_NONE;
  const int level = error != nullptr ? error->level : VIR_ERR_ERROR;
  std::string message = error != nullptr && error->message != nullptr ? error->message : "";
  // The XML parser quotes the line it stopped at, and a document may hold a password: only the reason is
  // kept.
  if (code == VIR_ERR_XML_DETAIL) message.resize(std::min(message.find('\n'), message.size()));
  return [code, domain, level, message = std::move(message)](Napi::Env env) -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("code", Napi::Number::New(env, code));
    object.Set("domain", Napi::Number::New(env, domain));
    object.Set("level", Napi::Number::New(env, level));
    object.Set("message", Napi::String::New(env, message));
    return object;
  };
}

void Fail(Task& task) {
  task.result = -1;
  task.value = LastError();
}

}  // namespace rbdkit
