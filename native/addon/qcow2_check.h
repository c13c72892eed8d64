// ExportQcow2Check() gives JavaScript the function that looks for compressed clusters. It runs on the
// JavaScript thread.
#ifndef RBDKIT_ADDON_QCOW2_CHECK_H_
#define RBDKIT_ADDON_QCOW2_CHECK_H_

#include <napi.h>

namespace rbdkit {

void ExportQcow2Check(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_QCOW2_CHECK_H_
