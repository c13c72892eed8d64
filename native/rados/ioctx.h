// An IoCtx is a pool and namespace to do I/O in (rados_ioctx_t). It is opened and closed on the cluster's
// executors.
#ifndef RBDKIT_RADOS_IOCTX_H_
#define RBDKIT_RADOS_IOCTX_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rados/cluster.h"

namespace rbdkit {

class IoCtx final : public Handle {
 public:
  static constexpr const char* kKind = "IoCtx";

  IoCtx(std::shared_ptr<Cluster> cluster, const std::string& label)
      : Handle(cluster->shared_executors(), label), cluster_(std::move(cluster)) {}
  ~IoCtx() override { Close(); }

  // Settings are what an ioctx keeps from its beginning: what it is used for meanwhile must not change under
  // it.
  struct Settings {
    std::string name_space;
    std::optional<std::string> locator;   // places objects by this key instead of by their names
    bool full_try = true;                 // a full pool answers instead of letting writes wait
    std::optional<std::string> snapshot;  // of the pool, to read at
    uint64_t snapshot_id = 0;             // the same, when not 0
  };

  // Open() returns 0 or a negative errno. Blocks: an executor's thread.
  int Open(const std::string& pool, const Settings& settings);
  int Close() override;

  rados_ioctx_t ioctx() const { return ioctx_; }
  // notify_executor() is for notifies, which wait for other clients and maybe for this one.
  Executor& notify_executor() { return notify_executor_; }
  const std::shared_ptr<Cluster>& cluster() const { return cluster_; }

 private:
  const std::shared_ptr<Cluster> cluster_;
  rados_ioctx_t ioctx_ = nullptr;
  Executor notify_executor_{"rbdkit-notify", 8};
};

inline rados_ioctx_t CHandle(const IoCtx& ioctx) { return ioctx.ioctx(); }

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_IOCTX_H_
