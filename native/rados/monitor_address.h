// These functions check `mon_host` before librados sees it, because librados complains about a bad one on
// stderr. They run on an executor's thread.
#ifndef RBDKIT_RADOS_MONITOR_ADDRESS_H_
#define RBDKIT_RADOS_MONITOR_ADDRESS_H_

#include <string>

namespace rbdkit {

// CheckMonitorHosts() tells whether every address in `mon_host` (comma, semicolon or space separated; "host",
// "host:port", "[v2:ip:port,v1:ip:port]") has a form that librados reads, and every host name resolves. It
// sets `detail` when not. Blocks while names resolve: an executor's thread.
bool CheckMonitorHosts(const std::string& mon_host, std::string* detail);

// IsEmptyList() tells whether a list of them has none.
bool IsEmptyList(const std::string& mon_host);

// HasMonitorRecord() tells whether DNS has a record of monitors where librados looks for them: SRV
// _<service>._tcp. `service` is its option mon_dns_srv_name: "ceph-mon", or "ceph-mon_example.com" for one
// domain. Blocks: an executor's thread.
bool HasMonitorRecord(const std::string& service);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_MONITOR_ADDRESS_H_
