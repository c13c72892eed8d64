// These rows bind storage pools. They run on the connection's executors.
#include "libvirt/row.h"

namespace rbdkit {

StoragePoolFacts::StoragePoolFacts(virStoragePoolPtr pool)
    : name(Text(Libvirt().virStoragePoolGetName(pool))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virStoragePoolGetUUIDString(pool, text);
  uuid = text;
}

std::vector<Value::Field> StoragePoolFacts::Fields() const { return {{"name", name}, {"uuid", uuid}}; }

namespace {

Value Info(const virStoragePoolInfo& info) {
  return Value::Fields({{"state", int32_t{info.state}},
                        {"capacity", Value::Number(info.capacity)},
                        {"allocation", Value::Number(info.allocation)},
                        {"available", Value::Number(info.available)}});
}

constexpr Binding rows[] = {
    VIR(virStoragePoolDefineXML, Connection, Str, Const<0u>),
    VIR(virStoragePoolLookupByName, Connection, Str),
    VIR(virStoragePoolLookupByUUIDString, Connection, Str),
    VIR(virConnectListAllStoragePools, Connection, OutObjects<StoragePool>, Num<unsigned>),
    Long(VIR(virStoragePoolBuild, StoragePool, Const<unsigned{VIR_STORAGE_POOL_BUILD_NEW}>)),
    Long(VIR(virStoragePoolCreate, StoragePool, Const<0u>)),
    VIR(virStoragePoolSetAutostart, StoragePool, Flag<>),
    VIR(virStoragePoolGetAutostart, StoragePool, Out<int, Truth<int>>),
    Long(VIR(virStoragePoolRefresh, StoragePool, Const<0u>)),
    VIR(virStoragePoolGetInfo, StoragePool, Out<virStoragePoolInfo, Info>),
    VIR(virStoragePoolIsActive, StoragePool, ReturnsFlag),
    VIR(virStoragePoolGetXMLDesc, StoragePool, Const<0u>),
    VIR(virStoragePoolDestroy, StoragePool),
    VIR(virStoragePoolUndefine, StoragePool),
};

}  // namespace

void ExportStoragePool(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
