// The pool is one mapping of memory.
#include "disk/buffer_pool.h"

#include <sys/mman.h>

#include <new>

namespace rbdkit::copy {

BufferPool::BufferPool(size_t size, size_t count) : size_(size), count_(count) {
  free_.reserve(count);
  // Pages are given by the kernel at first use, so a small copy takes little whatever the pool's size.
  memory_ = mmap(nullptr, size * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory_ == MAP_FAILED) throw std::bad_alloc();
  // Huge pages are used where the kernel has them, because O_DIRECT pins what it writes page by page.
  madvise(memory_, size * count, MADV_HUGEPAGE);
  for (size_t i = count; i > 0; --i) free_.push_back(static_cast<char*>(memory_) + (i - 1) * size);
}

BufferPool::~BufferPool() {
  if (memory_ != nullptr) munmap(memory_, size_ * count_);
}

void BufferPool::Leave() {
  madvise(memory_, size_ * count_, MADV_DONTNEED);
  memory_ = nullptr;
}

char* BufferPool::Take() {
  if (free_.empty()) return nullptr;
  char* buffer = free_.back();
  free_.pop_back();
  return buffer;
}

}  // namespace rbdkit::copy
