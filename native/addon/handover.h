// A stream of JavaScript gives its bytes to a copy, or takes them, through the Handover that these functions
// make. They run on the JavaScript thread.
#ifndef RBDKIT_ADDON_HANDOVER_H_
#define RBDKIT_ADDON_HANDOVER_H_

#include <napi.h>

#include <memory>

#include "disk/handover.h"

namespace rbdkit {

// ToHandover() gives a job the handover that JavaScript holds as an external value, and throws for any other
// value. The handover is closed when the job lets go of it, so all loans are back before the job has ended,
// whatever ended it.
std::shared_ptr<copy::Handover> ToHandover(Napi::Value value);

void ExportHandover(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_HANDOVER_H_
