// ExportDiff() gives JavaScript the functions for rbd's diffs. It runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_DIFF_H_
#define RBDKIT_ADDON_DIFF_H_

#include <napi.h>

namespace rbdkit {

void ExportDiff(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_DIFF_H_
