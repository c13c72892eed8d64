// These rows bind the volumes of a storage pool. They run on the connection's executors.
#include "libvirt/row.h"

namespace rbdkit {

StorageVolumeFacts::StorageVolumeFacts(virStorageVolPtr volume)
    : name(Text(Libvirt().virStorageVolGetName(volume))), key(Text(Libvirt().virStorageVolGetKey(volume))) {}

std::vector<Value::Field> StorageVolumeFacts::Fields() const { return {{"name", name}, {"key", key}}; }

namespace {

Value Info(const virStorageVolInfo& info) {
  return Value::Fields({{"type", int32_t{info.type}},
                        {"capacity", Value::Number(info.capacity)},
                        {"allocation", Value::Number(info.allocation)}});
}

constexpr Binding rows[] = {
    VIR(virStoragePoolListAllVolumes, StoragePool, OutObjects<StorageVolume>, Const<0u>),
    VIR(virStorageVolLookupByName, StoragePool, Str),
    Long(VIR(virStorageVolCreateXML, StoragePool, Str, Const<0u>)),
    Long(VIR(virStorageVolCreateXMLFrom, StoragePool, Str, Ref<StorageVolume>, Const<0u>)),
    VIR(virStorageVolGetPath, StorageVolume),
    VIR(virStorageVolGetInfo, StorageVolume, Out<virStorageVolInfo, Info>),
    Long(VIR(virStorageVolResize, StorageVolume, Num<unsigned long long>,
             Flag<unsigned, VIR_STORAGE_VOL_RESIZE_SHRINK>)),
    Long(VIR(virStorageVolDelete, StorageVolume, Const<unsigned{VIR_STORAGE_VOL_DELETE_NORMAL}>)),
    VIR(virStorageVolGetXMLDesc, StorageVolume, Const<0u>),
};

}  // namespace

void ExportStorageVolume(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
