// The leases that a network's DHCP server has given. On the connection's executors.
#include "libvirt/row.h"

namespace rbdkit {

namespace {

Value Lease(const virNetworkDHCPLease& found) {
  return Value::Fields({{"interface", found.iface},
                        {"expiresSeconds", Value::Number(found.expirytime)},
                        {"type", found.type},
                        {"mac", found.mac},
                        {"iaid", found.iaid},
                        {"address", found.ipaddr},
                        {"prefix", uint32_t{found.prefix}},
                        {"hostname", found.hostname},
                        {"clientId", found.clientid}});
}

constexpr Binding rows[] = {
    VIR(virNetworkGetDHCPLeases, Network, OptStr,
        OutStructs<virNetworkDHCPLease, Lease, &LibvirtApi::virNetworkDHCPLeaseFree>, Const<0u>),
};

}  // namespace

void ExportNetwork(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
