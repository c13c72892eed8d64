// A BufferPool is the memory of a copy, which is taken once and has a fixed size.
#ifndef RBDKIT_DISK_BUFFER_POOL_H_
#define RBDKIT_DISK_BUFFER_POOL_H_

#include <cstddef>
#include <vector>

namespace rbdkit::copy {

// A BufferPool has `count` buffers of `size` bytes (a multiple of the page), page aligned. It is not
// thread-safe. The destructor frees all of them, so nothing may be in flight then.
class BufferPool {
 public:
  // Throws std::bad_alloc.
  BufferPool(size_t size, size_t count);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // Take() gives a buffer, or nullptr when all are taken.
  char* Take();
  void Give(char* buffer) { free_.push_back(buffer); }

  // Leave() keeps the addresses for ever, without memory, because somebody may still look there.
  void Leave();

  bool empty() const { return free_.empty(); }
  size_t count() const { return count_; }

 private:
  const size_t size_;
  const size_t count_;
  void* memory_;
  std::vector<char*> free_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_BUFFER_POOL_H_
