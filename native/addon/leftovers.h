// ExportLeftovers() gives JavaScript the functions that list and clear what unfinished copies have left. It
// runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_LEFTOVERS_H_
#define RBDKIT_ADDON_LEFTOVERS_H_

#include <napi.h>

namespace rbdkit {

void ExportLeftovers(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_LEFTOVERS_H_
