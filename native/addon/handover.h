// How a stream of JavaScript gives its bytes to a copy, or takes them.
#ifndef RBDKIT_ADDON_HANDOVER_H_
#define RBDKIT_ADDON_HANDOVER_H_

#include <napi.h>

#include <memory>

#include "disk/handover.h"

namespace rbdkit {

// For a job. JavaScript holds it as an external value; throws for anything else. It is closed when the job
// lets go of it, so all loans are back before the job has ended, whatever ended it.
std::shared_ptr<copy::Handover> ToHandover(Napi::Value value);

void ExportHandover(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_HANDOVER_H_
