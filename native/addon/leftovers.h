// What native/addon/leftovers.cc exports to JavaScript.
#ifndef RBDKIT_ADDON_LEFTOVERS_H_
#define RBDKIT_ADDON_LEFTOVERS_H_

#include <napi.h>

namespace rbdkit {

void ExportLeftovers(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_LEFTOVERS_H_
