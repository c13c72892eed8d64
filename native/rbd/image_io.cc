// Block I/O is one asynchronous librbd call an operation, settled by number; speed depends on this file. The
// JavaScript thread reads arguments, it or the submitting thread calls librbd, and librbd's threads push the
// results.
#include <sys/uio.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <typeinfo>
#include <vector>

#include "core/environment.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

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
  int zero_flags = 0;            // of write_zeroes
  std::vector<iovec> buffers;    // of readv and writev
};

thread_local std::vector<std::unique_ptr<ImageOperation>> ImageOperation::pool;

// OnComplete() runs on librbd's thread. It reads the result, lets librbd's object go and pushes, nothing
// else.
void OnComplete(rbd_completion_t completion, void* argument) noexcept {
  auto* operation = static_cast<ImageOperation*>(argument);
  operation->result = Rbd().rbd_aio_get_return_value(completion);
  Rbd().rbd_aio_release(completion);
  operation->queue->Push(operation);
}

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

// Arguments are the numbers that every call begins with: slot, image, offset, length. They are read by raw
// Node-API, because the wrapper's checks and allocations show at 300 000 operations a second.
struct Arguments {
  static constexpr size_t kMax = 7;
  napi_value values[kMax];
  Environment* environment = nullptr;
  Image* image = nullptr;
  uint32_t slot = 0;
  uint64_t offset = 0;
  uint64_t length = 0;

  bool Read(napi_env env, napi_callback_info info) {
    size_t count = kMax;
    void* data = nullptr;
    if (napi_get_cb_info(env, info, &count, values, nullptr, &data) != napi_ok) return false;
    environment = static_cast<Environment*>(data);
    uint32_t number = 0;
    int64_t at = 0;
    int64_t bytes = 0;
    if (napi_get_value_uint32(env, values[0], &slot) != napi_ok ||
        napi_get_value_uint32(env, values[1], &number) != napi_ok ||
        napi_get_value_int64(env, values[2], &at) != napi_ok ||
        napi_get_value_int64(env, values[3], &bytes) != napi_ok || at < 0 || bytes < 0) {
      napi_throw_type_error(env, nullptr, "rbdkit: wrong arguments");
      return false;
    }
    const auto& handle = environment->handles().Get(number);
    if (!handle || typeid(*handle) != typeid(Image)) {
      napi_throw_type_error(env, nullptr, "rbdkit: stale handle");
      return false;
    }
    image = static_cast<Image*>(handle.get());
    offset = static_cast<uint64_t>(at);
    length = static_cast<uint64_t>(bytes);
    return true;
  }
};

// ReadView() gives the memory of a view that is lent for one operation. Pointer and length are read once,
// here.
bool ReadView(napi_env env, napi_value value, char** data, size_t* length) {
  void* bytes = nullptr;
  if (napi_get_buffer_info(env, value, &bytes, length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "rbdkit: a view of an ArrayBuffer is needed");
    return false;
  }
  *data = static_cast<char*>(bytes);
  return true;
}

napi_value Answer(napi_env env, int r) {
  napi_value answer;
  napi_create_int32(env, r, &answer);
  return answer;
}

// Start() starts what `operation` has been filled in for.
napi_value Start(napi_env env, const Arguments& arguments, ImageOperation* operation,
                 ImageOperation::Call call) {
  operation->queue = &arguments.environment->queue();
  operation->slot = arguments.slot;
  operation->call = call;
  operation->image = arguments.image->image();
  operation->offset = arguments.offset;
  operation->length = arguments.length;
  arguments.environment->Submit(operation);
  return Answer(env, 0);
}

// Refused() refuses, with ERANGE, a write that is not known to end inside the image, because librbd cuts a
// write short at the image's end without saying so. The facade then asks for the size, and tries again or
// makes it a RangeError. librbd cuts a read by the size that it has, also when it has been told that the
// header has changed, so a read is refused until the size is known.
template <bool kWrite>
bool Refused(const Arguments& arguments) {
  if (kWrite) return !arguments.image->size().Holds(arguments.offset, arguments.length);
  return arguments.image->SizeIsStale();
}

// (slot, image, offset, length, view) => 0 or -ERANGE. JavaScript thread.
template <bool kWrite>
napi_value ReadOrWrite(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* data = nullptr;
  size_t available = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[4], &data, &available)) return nullptr;
  // librbd is given no operation without bytes: 16.2.15 does not answer each of them with an error.
  if (arguments.length > available || arguments.length == 0) {
    napi_throw_range_error(env, nullptr, "rbdkit: the length is 0 or beyond the view");
    return nullptr;
  }
  if (Refused<kWrite>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->data = data;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return kWrite ? Rbd().rbd_aio_write(o.image, o.offset, o.length, o.data, completion)
                  : Rbd().rbd_aio_read(o.image, o.offset, o.length, o.data, completion);
  });
}

// (slot, image, offset, length, views) => 0 or -ERANGE; `length` is the views' total. JavaScript thread.
template <bool kWrite>
napi_value ReadOrWriteVector(napi_env env, napi_callback_info info) {
  Arguments arguments;
  uint32_t count = 0;
  if (!arguments.Read(env, info) || napi_get_array_length(env, arguments.values[4], &count) != napi_ok) {
    return nullptr;
  }
  if (Refused<kWrite>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->buffers.clear();
  for (uint32_t i = 0; i < count; ++i) {
    napi_value view;
    char* data = nullptr;
    size_t length = 0;
    if (napi_get_element(env, arguments.values[4], i, &view) != napi_ok ||
        !ReadView(env, view, &data, &length)) {
      operation->Release();
      return nullptr;
    }
    if (length == 0) {
      operation->Release();
      napi_throw_range_error(env, nullptr, "rbdkit: a view has no bytes");
      return nullptr;
    }
    operation->buffers.push_back({data, length});
  }
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    const auto* buffers = o.buffers.data();
    const int count = static_cast<int>(o.buffers.size());
    return kWrite ? Rbd().rbd_aio_writev(o.image, buffers, count, o.offset, completion)
                  : Rbd().rbd_aio_readv(o.image, buffers, count, o.offset, completion);
  });
}

// (slot, image, offset, length) => 0 or -ERANGE. JavaScript thread.
napi_value Discard(napi_env env, napi_callback_info info) {
  Arguments arguments;
  if (!arguments.Read(env, info)) return nullptr;
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  const auto call = [](const ImageOperation& o, rbd_completion_t completion) {
    return Rbd().rbd_aio_discard(o.image, o.offset, o.length, completion);
  };
  return Start(env, arguments, ImageOperation::Take(), call);
}

// (slot, image, offset, length, flags) => 0, -ERANGE or -ENOSYS. JavaScript thread.
napi_value WriteZeroes(napi_env env, napi_callback_info info) {
  Arguments arguments;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || napi_get_value_int32(env, arguments.values[4], &flags) != napi_ok) {
    return nullptr;
  }
  if (Rbd().rbd_aio_write_zeroes == nullptr) return Answer(env, -ENOSYS);
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->zero_flags = flags;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return Rbd().rbd_aio_write_zeroes(o.image, o.offset, o.length, completion, o.zero_flags, 0);
  });
}

// (slot, image, offset, length, view) => 0 or -ERANGE: the view's bytes again and again. JavaScript thread.
napi_value WriteSame(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* data = nullptr;
  size_t bytes = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[4], &data, &bytes)) return nullptr;
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->data = data;
  operation->data_length = bytes;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return static_cast<int>(
        Rbd().rbd_aio_writesame(o.image, o.offset, o.length, o.data, o.data_length, completion, 0));
  });
}

// (slot, image, offset, length, compare, view, mismatch) => 0 or -ERANGE; a difference ends in -EILSEQ and
// its place in `mismatch`, eight bytes of the caller's that live as long as the views. JavaScript thread.
napi_value CompareAndWrite(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* compare = nullptr;
  char* data = nullptr;
  char* mismatch = nullptr;
  size_t compare_bytes = 0;
  size_t bytes = 0;
  size_t mismatch_bytes = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[4], &compare, &compare_bytes) ||
      !ReadView(env, arguments.values[5], &data, &bytes) ||
      !ReadView(env, arguments.values[6], &mismatch, &mismatch_bytes)) {
    return nullptr;
  }
  if (arguments.length == 0 || compare_bytes < arguments.length || bytes < arguments.length ||
      mismatch_bytes < sizeof(uint64_t)) {
    napi_throw_range_error(env, nullptr, "rbdkit: the length is 0 or beyond a view");
    return nullptr;
  }
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->data = data;
  operation->compare = compare;
  operation->mismatch = reinterpret_cast<uint64_t*>(mismatch);
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return static_cast<int>(Rbd().rbd_aio_compare_and_write(o.image, o.offset, o.length, o.compare, o.data,
                                                            completion, o.mismatch, 0));
  });
}

// (slot, image, 0, 0) => 0. JavaScript thread.
napi_value Flush(napi_env env, napi_callback_info info) {
  Arguments arguments;
  if (!arguments.Read(env, info)) return nullptr;
  const auto call = [](const ImageOperation& o, rbd_completion_t completion) {
    return Rbd().rbd_aio_flush(o.image, completion);
  };
  return Start(env, arguments, ImageOperation::Take(), call);
}

}  // namespace

void ExportImageIo(Napi::Env env, Napi::Object exports) {
  Environment& environment = Environment::Of(env);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, &environment, &function);
    exports.Set(name, Napi::Value(env, function));
  };
  add("rbd_aio_read", ReadOrWrite<false>);
  add("rbd_aio_write", ReadOrWrite<true>);
  add("rbd_aio_readv", ReadOrWriteVector<false>);
  add("rbd_aio_writev", ReadOrWriteVector<true>);
  add("rbd_aio_discard", Discard);
  add("rbd_aio_write_zeroes", WriteZeroes);
  add("rbd_aio_writesame", WriteSame);
  add("rbd_aio_compare_and_write", CompareAndWrite);
  add("rbd_aio_flush", Flush);
}

}  // namespace rbdkit
