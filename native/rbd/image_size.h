// An ImageSize knows an open image's size without asking librbd. After another client has changed the header,
// librbd reads it again inside rbd_get_size(), which waits for the cluster. Executors' threads ask, librbd's
// forget, and the JavaScript thread looks.
#ifndef RBDKIT_RBD_IMAGE_SIZE_H_
#define RBDKIT_RBD_IMAGE_SIZE_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "sys/rbd.h"

namespace rbdkit {

class ImageSize {
 public:
  // Forget() says that the header has changed, or is about to, so that what is known no longer counts. Any
  // thread, librbd's too.
  void Forget() { changes_.fetch_add(1, std::memory_order_acq_rel); }

  // Ask() asks librbd, and remembers the answer. It returns 0 or a negative errno. Blocks: an executor's
  // thread.
  int Ask(rbd_image_t image, uint64_t* size) {
    const uint64_t change = changes_.load(std::memory_order_acquire);
    const int r = Rbd().rbd_get_size(image, size);
    if (r < 0) return r;
    std::lock_guard<std::mutex> lock(mutex_);
    if (change < known_at_.load(std::memory_order_relaxed)) return 0;  // somebody asked later
    size_.store(*size, std::memory_order_relaxed);
    known_at_.store(change, std::memory_order_release);
    return 0;
  }

  // Known() tells whether the size is known, and librbd, which cuts reads by it, has it too. It never blocks.
  // JavaScript thread.
  bool Known() const {
    return known_at_.load(std::memory_order_acquire) == changes_.load(std::memory_order_acquire);
  }

  // Holds() tells whether all of the range is known to lie in the image. It never blocks. JavaScript thread.
  bool Holds(uint64_t offset, uint64_t length) const {
    const uint64_t known_at = known_at_.load(std::memory_order_acquire);
    const uint64_t size = size_.load(std::memory_order_relaxed);
    return known_at == changes_.load(std::memory_order_acquire) && offset <= size && length <= size - offset;
  }

 private:
  std::mutex mutex_;                  // of Ask()
  std::atomic<uint64_t> changes_{1};  // how often Forget() was called, and one
  std::atomic<uint64_t> known_at_{0};
  std::atomic<uint64_t> size_{0};
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_SIZE_H_
