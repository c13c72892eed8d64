// A MemoryWatch keeps a copy within the memory that is promised. Any thread looks.
#ifndef RBDKIT_DISK_MEMORY_WATCH_H_
#define RBDKIT_DISK_MEMORY_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "disk/unique_fd.h"

namespace rbdkit::copy {

// librados receives into page-aligned buffers of malloc's; such holes fit nothing else, so now and then
// malloc keeps twice as much as is in use. It is asked to give the holes back then, and not all the time: to
// get the pages anew costs as much as all else that a copy does.
class MemoryWatch {
 public:
  // The process may grow by `allowance` from what it has now.
  explicit MemoryWatch(size_t allowance);
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // Any thread.
  void Look();

 private:
  // ResidentBytes() is of the process; 0 when it cannot be told.
  uint64_t ResidentBytes() const;

  UniqueFd statm_;
  const uint64_t allowed_;
  std::mutex mutex_;
  uint64_t limit_;  // guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_MEMORY_WATCH_H_
