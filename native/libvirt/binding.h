// These functions export to JavaScript what native/libvirt/ has by hand, one a topic, on the JavaScript
// thread (generated/rows.h exports the rest); what follows is what its files share. The file is not called
// libvirt.h, because that would hide the library's own header.
#ifndef RBDKIT_LIBVIRT_BINDING_H_
#define RBDKIT_LIBVIRT_BINDING_H_

#include <napi.h>

#include "core/task.h"
#include "core/value.h"

namespace rbdkit {

void ExportConnection(Napi::Env env, Napi::Object exports);
void ExportHost(Napi::Env env, Napi::Object exports);
void ExportSecret(Napi::Env env, Napi::Object exports);
void ExportNetwork(Napi::Env env, Napi::Object exports);
void ExportDomain(Napi::Env env, Napi::Object exports);
void ExportDomainStats(Napi::Env env, Napi::Object exports);
void ExportQemu(Napi::Env env, Napi::Object exports);
void ExportEvents(Napi::Env env, Napi::Object exports);
void ExportStreams(Napi::Env env, Napi::Object exports);
void ExportAdmin(Napi::Env env, Napi::Object exports);

// LibvirtLoaded() loads libvirt. On failure it sets the task's error and returns false. An executor's thread.
bool LibvirtLoaded(Task& task);

// LastError() gives libvirt's last error, which is this thread's own, as { code, domain, level, message }. It
// comes right after the call that failed. An executor's thread.
Value LastError();

// Fail() says that the task failed with LastError(). An executor's thread.
void Fail(Task& task);

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_BINDING_H_
