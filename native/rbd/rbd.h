// These functions export native/rbd/ to JavaScript, one a topic, on the JavaScript thread; the rest is what
// its files share.
#ifndef RBDKIT_RBD_RBD_H_
#define RBDKIT_RBD_RBD_H_

#include <napi.h>
#include <time.h>

#include <string>
#include <vector>

#include "core/task.h"
#include "rados/ioctx.h"

namespace rbdkit {

void ExportImage(Napi::Env env, Napi::Object exports);
void ExportImageInfo(Napi::Env env, Napi::Object exports);
void ExportImageIo(Napi::Env env, Napi::Object exports);
void ExportImageExtents(Napi::Env env, Napi::Object exports);
void ExportImageAdmin(Napi::Env env, Napi::Object exports);
void ExportSnapshot(Napi::Env env, Napi::Object exports);
void ExportSnapshotList(Napi::Env env, Napi::Object exports);
void ExportClone(Napi::Env env, Napi::Object exports);
void ExportHeader(Napi::Env env, Napi::Object exports);
void ExportImageDiff(Napi::Env env, Napi::Object exports);
void ExportMetadata(Napi::Env env, Napi::Object exports);
void ExportConfig(Napi::Env env, Napi::Object exports);
void ExportEncryption(Napi::Env env, Napi::Object exports);
void ExportObjectMap(Napi::Env env, Napi::Object exports);
void ExportImageWatch(Napi::Env env, Napi::Object exports);
void ExportLockWatch(Napi::Env env, Napi::Object exports);
void ExportLock(Napi::Env env, Napi::Object exports);
void ExportGroup(Napi::Env env, Napi::Object exports);
void ExportMirror(Napi::Env env, Napi::Object exports);
void ExportMigration(Napi::Env env, Napi::Object exports);
void ExportRbdPool(Napi::Env env, Napi::Object exports);
void ExportTrash(Napi::Env env, Napi::Object exports);

// RbdLoaded() loads librbd (and librados). On failure it sets the task's error and returns false. An
// executor's thread.
bool RbdLoaded(Task& task);

// ReportProgress() is librbd's progress callback with a Task as its argument. It reports, and ends the
// operation once the task is cancelled (operations on objects stop at a negative answer). librbd's threads.
int ReportProgress(uint64_t done, uint64_t total, void* task);

// PoolName() gives the name of a pool of the ioctx's cluster, or its id in decimal when there is none. Blocks
// for a new map at most.
std::string PoolName(const IoCtx& ioctx, int64_t id);

// SnapshotTypeName() gives what is said of an rbd_snap_namespace_type_t: "user", and "unknown" for newer
// ones.
const char* SnapshotTypeName(int type);

// Milliseconds() gives milliseconds since 1970.
double Milliseconds(const timespec& time);

}  // namespace rbdkit

#endif  // RBDKIT_RBD_RBD_H_
