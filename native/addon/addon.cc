// This file is the addon's entry point: it makes the state of one JavaScript environment and calls one export
// function a topic. All of it runs on the JavaScript thread.
#include <napi.h>

#include <cstdint>
#include <cstring>

#include "addon/bench.h"
#include "addon/compare.h"
#include "addon/copy.h"
#include "addon/diff.h"
#include "addon/handover.h"
#include "addon/image_stream.h"
#include "addon/leftovers.h"
#include "addon/qcow2_check.h"
#include "core/environment.h"
#include "core/subscription.h"
#include "libvirt/binding.h"
#include "libvirt/generated/rows.h"
#include "rados/rados.h"
#include "rbd/rbd.h"
#include "sys/libvirt.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit {

namespace {

// Capabilities() answers { librados: { rados_connect: true, ... } | 'why it cannot be loaded', ... }. It
// loads the libraries on the JavaScript thread, which takes a few milliseconds once.
Napi::Value Capabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  struct Visit {
    Napi::Env env;
    Napi::Object object;
    static void One(void* arg, const char* name, bool present) {
      auto* visit = static_cast<Visit*>(arg);
      visit->object.Set(name, Napi::Boolean::New(visit->env, present));
    }
  };
  Napi::Object all = Napi::Object::New(env);
  const auto add = [&](const char* name, bool (*load)(LibraryError*), auto visit_all) {
    LibraryError error;
    if (!load(&error)) {
      all.Set(name, error.message);
      return;
    }
    Visit visit{env, Napi::Object::New(env)};
    visit_all(Visit::One, &visit);
    all.Set(name, visit.object);
  };
  add("librados", LoadRados, VisitRados);
  add("librbd", LoadRbd, VisitRbd);
  add("libvirt", LoadLibvirt, VisitLibvirt);
  return all;
}

// (a function of librbd) => the release that brings it when this host's librbd lacks it, or undefined.
// JavaScript thread, once librbd is loaded.
Napi::Value Lacks(const Napi::CallbackInfo& info) {
  const char* const since = RbdLacks(info[0].As<Napi::String>().Utf8Value());
  return since == nullptr ? info.Env().Undefined() : Napi::Value(Napi::String::New(info.Env(), since));
}

Napi::Value Versions(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object versions = Napi::Object::New(env);
  LibraryError error;
  int major = 0;
  int minor = 0;
  int extra = 0;
  const auto text = [&] {
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(extra);
  };
  if (LoadRados(&error)) {
    Rados().rados_version(&major, &minor, &extra);
    versions.Set("librados", text());
  }
  if (LoadRbd(&error)) {
    Rbd().rbd_version(&major, &minor, &extra);
    versions.Set("librbd", text());
  }
  if (LoadLibvirt(&error)) {
    unsigned long version = 0;  // NOLINT(google-runtime-int): libvirt's type
    if (Libvirt().virGetVersion(&version, nullptr, nullptr) == 0) {
      major = static_cast<int>(version / 1000000);
      minor = static_cast<int>(version / 1000 % 1000);
      extra = static_cast<int>(version % 1000);
      versions.Set("libvirt", text());
    }
  }
  return versions;
}

// ErrnoText() gives what the C library says of an errno: "No such file or directory". JavaScript thread.
Napi::Value ErrnoText(const Napi::CallbackInfo& info) {
  char buffer[128];
  return Napi::String::New(info.Env(),
                           strerror_r(info[0].As<Napi::Number>().Int32Value(), buffer, sizeof(buffer)));
}

// PageOffset() tells how many bytes into a page of 4096 a view's memory begins. JavaScript thread.
Napi::Value PageOffset(const Napi::CallbackInfo& info) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_buffer_info(info.Env(), info[0], &data, &length) != napi_ok) {
    throw Napi::TypeError::New(info.Env(), "rbdkit: a view of an ArrayBuffer is needed");
  }
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(data) % 4096));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  Environment::Export(env, exports);
  exports.Set("capabilities", Napi::Function::New(env, Capabilities, "capabilities"));
  exports.Set("pageOffset", Napi::Function::New(env, PageOffset, "pageOffset"));
  exports.Set("lacks", Napi::Function::New(env, Lacks, "lacks"));
  exports.Set("versions", Napi::Function::New(env, Versions, "versions"));
  exports.Set("strerror", Napi::Function::New(env, ErrnoText, "strerror"));
  ExportSubscription(env, exports);
  ExportCluster(env, exports);
  ExportCommand(env, exports);
  ExportPool(env, exports);
  ExportIoCtx(env, exports);
  ExportObjectIo(env, exports);
  ExportObjectLock(env, exports);
  ExportWatch(env, exports);
  ExportReadOp(env, exports);
  ExportWriteOp(env, exports);
  ExportNotify(env, exports);
  ExportApplication(env, exports);
  ExportListing(env, exports);
  ExportMonitorLog(env, exports);
  ExportPoolSnapshot(env, exports);
  ExportService(env, exports);
  ExportImage(env, exports);
  ExportImageInfo(env, exports);
  ExportImageIo(env, exports);
  ExportImageExtents(env, exports);
  ExportImageAdmin(env, exports);
  ExportSnapshot(env, exports);
  ExportSnapshotList(env, exports);
  ExportClone(env, exports);
  ExportHeader(env, exports);
  ExportImageDiff(env, exports);
  ExportMetadata(env, exports);
  ExportConfig(env, exports);
  ExportEncryption(env, exports);
  ExportObjectMap(env, exports);
  ExportImageWatch(env, exports);
  ExportLock(env, exports);
  ExportLockWatch(env, exports);
  ExportGroup(env, exports);
  ExportMirror(env, exports);
  ExportMigration(env, exports);
  ExportRbdPool(env, exports);
  ExportTrash(env, exports);
  ExportCompare(env, exports);
  ExportCopy(env, exports);
  ExportDiff(env, exports);
  ExportHandover(env, exports);
  ExportLeftovers(env, exports);
  ExportImageStream(env, exports);
  ExportQcow2Check(env, exports);
  ExportBench(env, exports);
  ExportLibvirtRows(env, exports);
  ExportConnection(env, exports);
  ExportHost(env, exports);
  ExportSecret(env, exports);
  ExportNetwork(env, exports);
  ExportDomain(env, exports);
  ExportDomainStats(env, exports);
  ExportQemu(env, exports);
  ExportEvents(env, exports);
  ExportStreams(env, exports);
  ExportAdmin(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rbdkit, Init)

}  // namespace rbdkit
