// What native/rbd/ exports to JavaScript, one function a topic, and what its files share.
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
void ExportImageDiff(Napi::Env env, Napi::Object exports);
void ExportMetadata(Napi::Env env, Napi::Object exports);
void ExportConfig(Napi::Env env, Napi::Object exports);
void ExportLock(Napi::Env env, Napi::Object exports);
void ExportGroup(Napi::Env env, Napi::Object exports);
void ExportMirror(Napi::Env env, Napi::Object exports);
void ExportMigration(Napi::Env env, Napi::Object exports);
void ExportRbdPool(Napi::Env env, Napi::Object exports);
void ExportTrash(Napi::Env env, Napi::Object exports);

// Loads librbd (and librados); on failure sets the task's error and returns false. An executor's thread.
bool RbdLoaded(Task& task);

// librbd's progress callback with a Task as its argument: reports, and ends the operation once the task is
// cancelled (operations on objects stop at a negative answer). librbd's threads.
int ReportProgress(uint64_t done, uint64_t total, void* task);

// Splits a buffer of names, each ended by NUL.
std::vector<std::string> SplitNames(const char* buffer, size_t length);

// The name of a pool of the ioctx's cluster; its id in decimal when there is none. Blocks for a new map at
// most.
std::string PoolName(const IoCtx& ioctx, int64_t id);

// Milliseconds since 1970.
double Milliseconds(const timespec& time);

}  // namespace rbdkit

#endif  // RBDKIT_RBD_RBD_H_
