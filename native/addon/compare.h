// ExportCompare() gives JavaScript the function that compares two disks. It runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_COMPARE_H_
#define RBDKIT_ADDON_COMPARE_H_

#include <napi.h>

namespace rbdkit {

void ExportCompare(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_COMPARE_H_
