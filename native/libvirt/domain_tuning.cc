// What a domain may use of the host, while it runs and from its next start on: calls with typed parameters.
#include "libvirt/row.h"
#include "libvirt/typed_params.h"

namespace rbdkit {

namespace {

constexpr Binding rows[] = {
    VIR(virDomainGetMemoryParameters, Domain, OutParams, Num<unsigned>),
    VIR(virDomainSetMemoryParameters, Domain, Params, Num<unsigned>),
    VIR(virDomainGetBlockIoTune, Domain, OptStr, OutParams, Num<unsigned>),
    VIR(virDomainSetBlockIoTune, Domain, Str, Params, Num<unsigned>),
};

}  // namespace

void ExportDomainTuning(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
