// A MemoryWatch reads /proc/self/statm and asks malloc_trim() for the holes.
#include "disk/memory_watch.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace rbdkit::copy {

namespace {
// The limit grows in such steps, so that what the process takes for other things is not asked back with every
// look.
constexpr uint64_t kStep = 16 << 20;
}  // namespace

MemoryWatch::MemoryWatch(size_t allowance)
    : statm_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
      allowed_(ResidentBytes() + allowance),
      limit_(allowed_) {}

void MemoryWatch::Look() {
  const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
  if (!lock || ResidentBytes() <= limit_) return;
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  limit_ = std::max(allowed_, ResidentBytes() + kStep);
}

uint64_t MemoryWatch::ResidentBytes() const {
  char text[128];
  const ssize_t length = pread(statm_.get(), text, sizeof text - 1, 0);
  unsigned long pages = 0;
  if (length <= 0) return 0;
  text[length] = '\0';
  if (sscanf(text, "%*u %lu", &pages) != 1) return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace rbdkit::copy
