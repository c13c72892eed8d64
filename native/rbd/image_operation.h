// An ImageOperation is one asynchronous librbd call on an image, settled by number. The JavaScript thread
// makes it, it or the submitting thread calls librbd, and librbd's thread pushes the result.
#ifndef RBDKIT_RBD_IMAGE_OPERATION_H_
#define RBDKIT_RBD_IMAGE_OPERATION_H_

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/completion_queue.h"
#include "core/submit_queue.h"
#include "sys/rbd.h"

namespace rbdkit {

// An ImageOperation is in flight. The JavaScript slot keeps the buffers alive, and the environment's clean-up
// hook waits for the operation before the buffers' memory goes.
struct ImageOperation final : Completion, Submission {
  // The function of librbd that begins it.
  using Call = int (*)(const ImageOperation& operation, rbd_completion_t completion);

  ImageOperation() : Completion(Kind::kIo) {}
  void Release() override { pool.emplace_back(this); }
  void Submit() noexcept override;

  // Each environment has a thread of its own, so the pool needs no lock.
  static thread_local std::vector<std::unique_ptr<ImageOperation>> pool;
  static ImageOperation* Take() {
    if (pool.empty()) return new ImageOperation;
    ImageOperation* operation = pool.back().release();
    pool.pop_back();
    return operation;
  }

  CompletionQueue* queue = nullptr;
  Call call = nullptr;
  rbd_image_t image = nullptr;
  uint64_t offset = 0;
  uint64_t length = 0;
  char* data = nullptr;
  size_t data_length = 0;        // of writesame
  char* compare = nullptr;       // of compare_and_write
  uint64_t* mismatch = nullptr;  // of compare_and_write
  int flags = 0;                 // LIBRADOS_OP_FLAG_*
  uint32_t crc = 0;              // of write_with_crc32c
  std::vector<iovec> buffers;    // of readv, writev and compare_and_writev
  std::vector<iovec> compares;   // of compare_and_writev
};

}  // namespace rbdkit

#endif  // RBDKIT_RBD_IMAGE_OPERATION_H_
