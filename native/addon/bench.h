// ExportBench() gives JavaScript the functions that run the load generator. It runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_BENCH_H_
#define RBDKIT_ADDON_BENCH_H_

#include <napi.h>

namespace rbdkit {

void ExportBench(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_BENCH_H_
