// What native/addon/diff.cc exports to JavaScript.
#ifndef RBDKIT_ADDON_DIFF_H_
#define RBDKIT_ADDON_DIFF_H_

#include <napi.h>

namespace rbdkit {

void ExportDiff(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_DIFF_H_
