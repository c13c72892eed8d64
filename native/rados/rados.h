// These functions export native/rados/ to JavaScript, one a topic, on the JavaScript thread.
#ifndef RBDKIT_RADOS_RADOS_H_
#define RBDKIT_RADOS_RADOS_H_

#include <napi.h>

namespace rbdkit {

void ExportCluster(Napi::Env env, Napi::Object exports);
void ExportCommand(Napi::Env env, Napi::Object exports);
void ExportPool(Napi::Env env, Napi::Object exports);
void ExportIoCtx(Napi::Env env, Napi::Object exports);
void ExportObjectIo(Napi::Env env, Napi::Object exports);
void ExportObjectLock(Napi::Env env, Napi::Object exports);
void ExportReadOp(Napi::Env env, Napi::Object exports);
void ExportWriteOp(Napi::Env env, Napi::Object exports);
void ExportWatch(Napi::Env env, Napi::Object exports);
void ExportApplication(Napi::Env env, Napi::Object exports);
void ExportListing(Napi::Env env, Napi::Object exports);
void ExportMonitorLog(Napi::Env env, Napi::Object exports);
void ExportPoolSnapshot(Napi::Env env, Napi::Object exports);
void ExportService(Napi::Env env, Napi::Object exports);
void ExportNotify(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_RADOS_H_
