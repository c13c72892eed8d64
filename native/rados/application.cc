// A pool's applications and what they keep with it, on the cluster's executors.
#include "rados/kinds.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

constexpr Binding rows[] = {
    RADOS(rados_application_enable, IoCtx, Str, Flag<>),
    RADOS(rados_application_list, IoCtx, OutTexts<1024>),
    RADOS(rados_application_metadata_get, IoCtx, Str, Str, OutStr<1024>),
    RADOS(rados_application_metadata_set, IoCtx, Str, Str, Str),
    RADOS(rados_application_metadata_remove, IoCtx, Str, Str),
    RADOS(rados_application_metadata_list, IoCtx, Str, OutTexts<1024>, OutTexts<4096>),
};

}  // namespace

void ExportApplication(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
