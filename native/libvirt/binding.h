// What native/libvirt/ exports to JavaScript, one function a topic, and what its files share. Not called
// libvirt.h: that would hide the library's own header.
#ifndef RBDKIT_LIBVIRT_BINDING_H_
#define RBDKIT_LIBVIRT_BINDING_H_

#include <napi.h>

#include "core/task.h"
#include "core/value.h"

namespace rbdkit {

void ExportConnection(Napi::Env env, Napi::Object exports);
void ExportSecret(Napi::Env env, Napi::Object exports);
void ExportStoragePool(Napi::Env env, Napi::Object exports);
void ExportStorageVolume(Napi::Env env, Napi::Object exports);
void ExportDomain(Napi::Env env, Napi::Object exports);
void ExportDomainControl(Napi::Env env, Napi::Object exports);

// Loads libvirt; on failure sets the task's error and returns false. An executor's thread.
bool LibvirtLoaded(Task& task);

// libvirt's last error, which is this thread's own, as { code, domain, level, message }: right after the call
// that failed. An executor's thread.
Value LastError();

// The task failed with LastError(). An executor's thread.
void Fail(Task& task);

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_BINDING_H_
