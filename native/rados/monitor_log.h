// A MonitorLog delivers the lines of the cluster's log to JavaScript; its callback runs on librados's threads
// and only pushes to the queue.
#ifndef RBDKIT_RADOS_MONITOR_LOG_H_
#define RBDKIT_RADOS_MONITOR_LOG_H_

#include <cstdint>
#include <memory>
#include <string>

#include "core/subscription.h"
#include "rados/cluster.h"

namespace rbdkit {

class MonitorLog final : public Subscription {
 public:
  explicit MonitorLog(std::shared_ptr<Cluster> cluster)
      : Subscription(cluster->shared_executors(), "the cluster's log"), cluster_(std::move(cluster)) {}
  ~MonitorLog() override { Close(); }

  // Open() subscribes; librados has one subscription a connection, and a second takes the first one's place.
  // Blocks: an executor's thread.
  int Open(const std::string& level);
  int Close() override;

 private:
  static void OnLine(void* arg, const char* line, const char* channel, const char* who, const char* name,
                     uint64_t sec, uint64_t nsec, uint64_t seq, const char* level, const char* msg);

  const std::shared_ptr<Cluster> cluster_;
  std::string level_;
  bool open_ = false;
};

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_MONITOR_LOG_H_
