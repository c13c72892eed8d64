// Checking `mon_host` before librados sees it: librados complains about a bad one on stderr.
#ifndef RBDKIT_RADOS_MONITOR_ADDRESS_H_
#define RBDKIT_RADOS_MONITOR_ADDRESS_H_

#include <string>

namespace rbdkit {

// Whether every address in `mon_host` (comma, semicolon or space separated; "host", "host:port",
// "[v2:ip:port,v1:ip:port]") has a form that librados reads, and every host name resolves. Sets `detail` when
// not. Blocks while names resolve: an executor's thread.
bool CheckMonitorHosts(const std::string& mon_host, std::string* detail);

// Whether a list of them has none.
bool IsEmptyList(const std::string& mon_host);

// Whether DNS has a record of monitors where librados looks for them: SRV _<service>._tcp. `service` is its
// option mon_dns_srv_name: "ceph-mon", or "ceph-mon_example.com" for one domain. Blocks: an executor's
// thread.
bool HasMonitorRecord(const std::string& service);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_MONITOR_ADDRESS_H_
