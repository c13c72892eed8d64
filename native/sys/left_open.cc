// The list of connections that were left open lives as long as the process.
#include "sys/left_open.h"

#include <mutex>
#include <unordered_set>

namespace rbdkit {

namespace {

struct Left {
  std::mutex mutex;
  std::unordered_set<rados_t> clusters;  // guarded by mutex
};

Left& All() {
  static Left left;
  return left;
}

}  // namespace

void LeaveOpen(rados_t cluster) {
  std::lock_guard<std::mutex> lock(All().mutex);
  All().clusters.insert(cluster);
}

bool IsLeftOpen(rados_t cluster) {
  std::lock_guard<std::mutex> lock(All().mutex);
  return All().clusters.count(cluster) > 0;
}

}  // namespace rbdkit
