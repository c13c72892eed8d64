// What a client tells the cluster of itself and of others, and what it is told of it, on the cluster's
// executors.
#include "rados/kinds.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

constexpr Binding rows[] = {
    RADOS(rados_getaddrs, Cluster, FreedText),
    RADOS(rados_blocklist_add, Cluster, OwnStr, Num<uint32_t>),
    RADOS(rados_get_min_compatible_osd, Cluster, Out<int8_t>),
    RADOS(rados_get_min_compatible_client, Cluster, Out<int8_t>, Out<int8_t>),
    RADOS(rados_service_register, Cluster, Str, Str, Dict),
    RADOS(rados_service_update_status, Cluster, Dict),
};

}  // namespace

void ExportService(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
