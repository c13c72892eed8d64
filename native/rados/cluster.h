// A Cluster is a connection to a Ceph cluster (rados_t). It connects and closes on its executors' threads.
#ifndef RBDKIT_RADOS_CLUSTER_H_
#define RBDKIT_RADOS_CLUSTER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/handle.h"
#include "sys/rados.h"

namespace rbdkit {

// ConnectOptions hold secrets. They are handed on by pointer, so that there is one copy, which is wiped at
// its end.
struct ConnectOptions {
  ConnectOptions() = default;
  ~ConnectOptions();
  ConnectOptions(const ConnectOptions&) = delete;
  ConnectOptions& operator=(const ConnectOptions&) = delete;

  std::string cluster_name;
  std::string user_name;  // "client.admin"
  bool read_conf_file = false;
  std::string conf_file;  // empty: librados's own search path
  std::vector<std::pair<std::string, std::string>> settings;
};

class Cluster final : public Handle {
 public:
  static constexpr const char* kKind = "Cluster";

  // The constructor does no I/O. JavaScript thread.
  explicit Cluster(const std::string& label);
  ~Cluster() override { Close(); }

  // Connect() returns 0 or a negative errno; then `detail` may say more. Blocks: an executor's thread.
  int Connect(const ConnectOptions& options, std::string* detail);
  int Close() override;

  rados_t rados() const { return rados_; }

 private:
  int Configure(const ConnectOptions& options, std::string* detail);
  // ExplainFailure() says why rados_connect() failed, where its errno does not, and may give a better errno.
  int ExplainFailure(int r, const std::string& user, std::string* detail);

  rados_t rados_ = nullptr;
  bool connected_ = false;
  bool finds_monitors_ = false;  // librados looks for them in [mon.*] sections and DNS
};

inline rados_t CHandle(const Cluster& cluster) { return cluster.rados(); }

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_CLUSTER_H_
