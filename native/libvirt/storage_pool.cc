// Storage pools.
#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/object.h"

namespace rbdkit {

StoragePoolFacts::StoragePoolFacts(virStoragePoolPtr pool)
    : name(Text(Libvirt().virStoragePoolGetName(pool))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virStoragePoolGetUUIDString(pool, text);
  uuid = text;
}

void StoragePoolFacts::Describe(Napi::Object object) const {
  object.Set("name", name);
  object.Set("uuid", uuid);
}

namespace {

void VirStoragePoolDefineXML(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<StoragePool>(call, connection, connection, [xml = call.String()](virConnectPtr c) {
    return Libvirt().virStoragePoolDefineXML(c, xml.c_str(), 0);
  });
}

void VirStoragePoolLookupByName(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<StoragePool>(call, connection, connection, [name = call.String()](virConnectPtr c) {
    return Libvirt().virStoragePoolLookupByName(c, name.c_str());
  });
}

void VirStoragePoolLookupByUUIDString(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<StoragePool>(call, connection, connection, [uuid = call.String()](virConnectPtr c) {
    return Libvirt().virStoragePoolLookupByUUIDString(c, uuid.c_str());
  });
}

void VirConnectListAllStoragePools(Call& call) {
  auto connection = call.Handle<Connection>();
  const auto flags = static_cast<unsigned>(call.Int64());
  RunList<StoragePool>(call, connection, connection, [flags](virConnectPtr c, virStoragePoolPtr** list) {
    return Libvirt().virConnectListAllStoragePools(c, list, flags);
  });
}

void VirStoragePoolBuild(Call& call) {
  RunAction(call, call.Handle<StoragePool>(),
            [](virStoragePoolPtr p) { return Libvirt().virStoragePoolBuild(p, VIR_STORAGE_POOL_BUILD_NEW); });
}

void VirStoragePoolCreate(Call& call) {
  RunAction(call, call.Handle<StoragePool>(),
            [](virStoragePoolPtr p) { return Libvirt().virStoragePoolCreate(p, 0); });
}

void VirStoragePoolSetAutostart(Call& call) {
  auto pool = call.Handle<StoragePool>();
  RunAction(call, pool, [autostart = call.Bool() ? 1 : 0](virStoragePoolPtr p) {
    return Libvirt().virStoragePoolSetAutostart(p, autostart);
  });
}

void VirStoragePoolGetAutostart(Call& call) {
  RunFlag(call, call.Handle<StoragePool>(), [](virStoragePoolPtr p) {
    int autostart = 0;
    return Libvirt().virStoragePoolGetAutostart(p, &autostart) < 0 ? -1 : autostart;
  });
}

void VirStoragePoolRefresh(Call& call) {
  RunAction(call, call.Handle<StoragePool>(),
            [](virStoragePoolPtr p) { return Libvirt().virStoragePoolRefresh(p, 0); });
}

void VirStoragePoolGetInfo(Call& call) {
  auto pool = call.Handle<StoragePool>();
  call.Run(pool, [pool = pool.get()](Task& task) {
    virStoragePoolInfo info;
    if (Libvirt().virStoragePoolGetInfo(pool->get(), &info) < 0) return Fail(task);
    task.value = [info](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("state", Napi::Number::New(env, info.state));
      object.Set("capacity", Napi::Number::New(env, static_cast<double>(info.capacity)));
      object.Set("allocation", Napi::Number::New(env, static_cast<double>(info.allocation)));
      object.Set("available", Napi::Number::New(env, static_cast<double>(info.available)));
      return object;
    };
  });
}

void VirStoragePoolIsActive(Call& call) {
  RunFlag(call, call.Handle<StoragePool>(), Libvirt().virStoragePoolIsActive);
}

void VirStoragePoolGetXMLDesc(Call& call) {
  RunText(call, call.Handle<StoragePool>(),
          [](virStoragePoolPtr p) { return Libvirt().virStoragePoolGetXMLDesc(p, 0); });
}

void VirStoragePoolDestroy(Call& call) {
  RunAction(call, call.Handle<StoragePool>(), Libvirt().virStoragePoolDestroy);
}

void VirStoragePoolUndefine(Call& call) {
  RunAction(call, call.Handle<StoragePool>(), Libvirt().virStoragePoolUndefine);
}

}  // namespace

void ExportStoragePool(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virStoragePoolDefineXML", VirStoragePoolDefineXML);
  ExportTask(env, exports, "virStoragePoolLookupByName", VirStoragePoolLookupByName);
  ExportTask(env, exports, "virStoragePoolLookupByUUIDString", VirStoragePoolLookupByUUIDString);
  ExportTask(env, exports, "virConnectListAllStoragePools", VirConnectListAllStoragePools);
  ExportTask(env, exports, "virStoragePoolBuild", VirStoragePoolBuild, Length::kLong);
  ExportTask(env, exports, "virStoragePoolCreate", VirStoragePoolCreate, Length::kLong);
  ExportTask(env, exports, "virStoragePoolSetAutostart", VirStoragePoolSetAutostart);
  ExportTask(env, exports, "virStoragePoolGetAutostart", VirStoragePoolGetAutostart);
  ExportTask(env, exports, "virStoragePoolRefresh", VirStoragePoolRefresh, Length::kLong);
  ExportTask(env, exports, "virStoragePoolGetInfo", VirStoragePoolGetInfo);
  ExportTask(env, exports, "virStoragePoolIsActive", VirStoragePoolIsActive);
  ExportTask(env, exports, "virStoragePoolGetXMLDesc", VirStoragePoolGetXMLDesc);
  ExportTask(env, exports, "virStoragePoolDestroy", VirStoragePoolDestroy);
  ExportTask(env, exports, "virStoragePoolUndefine", VirStoragePoolUndefine);
}

}  // namespace rbdkit
