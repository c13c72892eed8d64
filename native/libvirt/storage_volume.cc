// Volumes of a storage pool.
#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/object.h"

namespace rbdkit {

StorageVolumeFacts::StorageVolumeFacts(virStorageVolPtr volume)
    : name(Text(Libvirt().virStorageVolGetName(volume))), key(Text(Libvirt().virStorageVolGetKey(volume))) {}

void StorageVolumeFacts::Describe(Napi::Object object) const {
  object.Set("name", name);
  object.Set("key", key);
}

namespace {

void VirStoragePoolListAllVolumes(Call& call) {
  auto pool = call.Handle<StoragePool>();
  RunList<StorageVolume>(call, pool, pool->connection(), [](virStoragePoolPtr p, virStorageVolPtr** list) {
    return Libvirt().virStoragePoolListAllVolumes(p, list, 0);
  });
}

void VirStorageVolLookupByName(Call& call) {
  auto pool = call.Handle<StoragePool>();
  RunNew<StorageVolume>(call, pool, pool->connection(), [name = call.String()](virStoragePoolPtr p) {
    return Libvirt().virStorageVolLookupByName(p, name.c_str());
  });
}

void VirStorageVolCreateXML(Call& call) {
  auto pool = call.Handle<StoragePool>();
  RunNew<StorageVolume>(call, pool, pool->connection(), [xml = call.String()](virStoragePoolPtr p) {
    return Libvirt().virStorageVolCreateXML(p, xml.c_str(), 0);
  });
}

void VirStorageVolCreateXMLFrom(Call& call) {
  auto pool = call.Handle<StoragePool>();
  const std::string xml = call.String();
  auto from = call.Handle<StorageVolume>();
  RunNew<StorageVolume>(call, pool, pool->connection(), [xml, from](virStoragePoolPtr p) {
    return Libvirt().virStorageVolCreateXMLFrom(p, xml.c_str(), from->get(), 0);
  });
}

void VirStorageVolGetPath(Call& call) {
  RunText(call, call.Handle<StorageVolume>(), Libvirt().virStorageVolGetPath);
}

void VirStorageVolGetInfo(Call& call) {
  auto volume = call.Handle<StorageVolume>();
  call.Run(volume, [volume = volume.get()](Task& task) {
    virStorageVolInfo info;
    if (Libvirt().virStorageVolGetInfo(volume->get(), &info) < 0) return Fail(task);
    task.value = [info](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("type", Napi::Number::New(env, info.type));
      object.Set("capacity", Napi::Number::New(env, static_cast<double>(info.capacity)));
      object.Set("allocation", Napi::Number::New(env, static_cast<double>(info.allocation)));
      return object;
    };
  });
}

void VirStorageVolResize(Call& call) {
  auto volume = call.Handle<StorageVolume>();
  const uint64_t capacity = call.Uint64();
  const unsigned flags = call.Bool() ? VIR_STORAGE_VOL_RESIZE_SHRINK : 0;
  RunAction(call, volume, [capacity, flags](virStorageVolPtr v) {
    return Libvirt().virStorageVolResize(v, capacity, flags);
  });
}

void VirStorageVolDelete(Call& call) {
  RunAction(call, call.Handle<StorageVolume>(), [](virStorageVolPtr v) {
    return Libvirt().virStorageVolDelete(v, VIR_STORAGE_VOL_DELETE_NORMAL);
  });
}

void VirStorageVolGetXMLDesc(Call& call) {
  RunText(call, call.Handle<StorageVolume>(),
          [](virStorageVolPtr v) { return Libvirt().virStorageVolGetXMLDesc(v, 0); });
}

}  // namespace

void ExportStorageVolume(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virStoragePoolListAllVolumes", VirStoragePoolListAllVolumes);
  ExportTask(env, exports, "virStorageVolLookupByName", VirStorageVolLookupByName);
  ExportTask(env, exports, "virStorageVolCreateXML", VirStorageVolCreateXML, Length::kLong);
  ExportTask(env, exports, "virStorageVolCreateXMLFrom", VirStorageVolCreateXMLFrom, Length::kLong);
  ExportTask(env, exports, "virStorageVolGetPath", VirStorageVolGetPath);
  ExportTask(env, exports, "virStorageVolGetInfo", VirStorageVolGetInfo);
  ExportTask(env, exports, "virStorageVolResize", VirStorageVolResize, Length::kLong);
  ExportTask(env, exports, "virStorageVolDelete", VirStorageVolDelete, Length::kLong);
  ExportTask(env, exports, "virStorageVolGetXMLDesc", VirStorageVolGetXMLDesc);
}

}  // namespace rbdkit
