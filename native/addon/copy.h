// ExportCopy() gives JavaScript the function that copies a disk. It runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_COPY_H_
#define RBDKIT_ADDON_COPY_H_

#include <napi.h>

namespace rbdkit {

void ExportCopy(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_COPY_H_
