// This file makes values of libvirt's errors, on the executor's thread where the call failed.
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
  task.value = Value(error.message);
  return false;
}

Value LastError() {
  const virError* error = Libvirt().virGetLastError();
  const int code = error != nullptr ? error->code : VIR_ERR_OK;
  const int domain = error != nullptr ? error->domain : VIR_FROM_NONE;
  const int level = error != nullptr ? error->level : VIR_ERR_ERROR;
  std::string message = error != nullptr && error->message != nullptr ? error->message : "";
  // The XML parser quotes the line it stopped at, and a document may hold a password. Only the reason is
  // kept.
  if (code == VIR_ERR_XML_DETAIL) message.resize(std::min(message.find('\n'), message.size()));
  return Value::Fields(
      {{"code", code}, {"domain", domain}, {"level", level}, {"message", std::move(message)}});
}

void Fail(Task& task) {
  task.result = -1;
  task.value = LastError();
}

}  // namespace rbdkit
