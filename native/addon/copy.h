// What native/addon/copy.cc exports to JavaScript.
#ifndef RBDKIT_ADDON_COPY_H_
#define RBDKIT_ADDON_COPY_H_

#include <napi.h>

namespace rbdkit {

void ExportCopy(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_COPY_H_
