// An ImageOperation is given to librbd by Submit(), and comes back by OnComplete().
#include "rbd/image_operation.h"

namespace rbdkit {

thread_local std::vector<std::unique_ptr<ImageOperation>> ImageOperation::pool;

namespace {

// OnComplete() runs on librbd's thread. It reads the result, lets librbd's object go and pushes, nothing
// else.
void OnComplete(rbd_completion_t completion, void* argument) noexcept {
  auto* operation = static_cast<ImageOperation*>(argument);
  operation->result = Rbd().rbd_aio_get_return_value(completion);
  Rbd().rbd_aio_release(completion);
  operation->queue->Push(operation);
}

}  // namespace

// Submit() runs on the JavaScript thread, or the environment's submitting one. Once librbd has taken the
// operation, it may be over and gone.
void ImageOperation::Submit() noexcept {
  rbd_completion_t completion = nullptr;
  int r = Rbd().rbd_aio_create_completion(this, OnComplete, &completion);
  if (r >= 0) {
    r = call(*this, completion);
    if (r >= 0) return;
    Rbd().rbd_aio_release(completion);
  }
  result = r;
  queue->Push(this);
}

}  // namespace rbdkit
