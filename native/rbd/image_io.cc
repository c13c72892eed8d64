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
#include "disk/crc32c.h"
#include "rbd/image.h"
#include "rbd/image_operation.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// Arguments are the numbers that every call begins with: slot, image, offset, length. They are read by raw
// Node-API, because the wrapper's checks and allocations show at 300 000 operations a second.
struct Arguments {
  static constexpr size_t kMax = 8;
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

// StartBytes() starts what reads into the view in `values[4]`, or writes from it.
template <bool kWrite>
napi_value StartBytes(napi_env env, const Arguments& arguments, int flags, uint32_t crc,
                      ImageOperation::Call call) {
  char* data = nullptr;
  size_t available = 0;
  if (!ReadView(env, arguments.values[4], &data, &available)) return nullptr;
  // librbd is given no operation without bytes: 16.2.15 does not answer each of them with an error.
  if (arguments.length > available || arguments.length == 0) {
    napi_throw_range_error(env, nullptr, "rbdkit: the length is 0 or beyond the view");
    return nullptr;
  }
  if (Refused<kWrite>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->data = data;
  operation->flags = flags;
  operation->crc = crc;
  return Start(env, arguments, operation, call);
}

// (slot, image, offset, length, view) => 0 or -ERANGE. JavaScript thread.
template <bool kWrite>
napi_value ReadOrWrite(napi_env env, napi_callback_info info) {
  Arguments arguments;
  if (!arguments.Read(env, info)) return nullptr;
  const auto call = [](const ImageOperation& o, rbd_completion_t completion) {
    return kWrite ? Rbd().rbd_aio_write(o.image, o.offset, o.length, o.data, completion)
                  : Rbd().rbd_aio_read(o.image, o.offset, o.length, o.data, completion);
  };
  return StartBytes<kWrite>(env, arguments, 0, 0, call);
}

// (slot, image, offset, length, view, flags) => 0 or -ERANGE. JavaScript thread.
template <bool kWrite>
napi_value ReadOrWriteAdvised(napi_env env, napi_callback_info info) {
  Arguments arguments;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || napi_get_value_int32(env, arguments.values[5], &flags) != napi_ok) {
    return nullptr;
  }
  const auto call = [](const ImageOperation& o, rbd_completion_t completion) {
    return kWrite ? Rbd().rbd_aio_write2(o.image, o.offset, o.length, o.data, completion, o.flags)
                  : Rbd().rbd_aio_read2(o.image, o.offset, o.length, o.data, completion, o.flags);
  };
  return StartBytes<kWrite>(env, arguments, flags, 0, call);
}

// (slot, image, offset, length, view, flags, crc) => 0, -ERANGE or -ENOSYS. JavaScript thread. A checksum
// that is not that of the bytes is EBADMSG: an OSD drops the connection at such a write, and librados sends
// it again, for ever.
napi_value WriteWithCrc32c(napi_env env, napi_callback_info info) {
  Arguments arguments;
  int32_t flags = 0;
  uint32_t crc = 0;
  if (!arguments.Read(env, info) || napi_get_value_int32(env, arguments.values[5], &flags) != napi_ok ||
      napi_get_value_uint32(env, arguments.values[6], &crc) != napi_ok) {
    return nullptr;
  }
  if (Rbd().rbd_aio_write_with_crc32c == nullptr) return Answer(env, -ENOSYS);
  const auto call = [](const ImageOperation& o, rbd_completion_t completion) {
    if (copy::Crc32cUpdate(0xffff'ffff, o.data, o.length) != o.crc) return -EBADMSG;
    return Rbd().rbd_aio_write_with_crc32c(o.image, o.offset, o.length, o.data, o.crc, completion, o.flags);
  };
  return StartBytes<true>(env, arguments, flags, crc, call);
}

// ReadViews() gives the memory of all views of an array, each of which has bytes.
bool ReadViews(napi_env env, napi_value views, std::vector<iovec>* buffers) {
  uint32_t count = 0;
  buffers->clear();
  if (napi_get_array_length(env, views, &count) != napi_ok) return false;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value view;
    char* data = nullptr;
    size_t length = 0;
    if (napi_get_element(env, views, i, &view) != napi_ok || !ReadView(env, view, &data, &length))
      return false;
    if (length == 0) {
      napi_throw_range_error(env, nullptr, "rbdkit: a view has no bytes");
      return false;
    }
    buffers->push_back({data, length});
  }
  return true;
}

// (slot, image, offset, length, views) => 0 or -ERANGE; `length` is the views' total. JavaScript thread.
template <bool kWrite>
napi_value ReadOrWriteVector(napi_env env, napi_callback_info info) {
  Arguments arguments;
  if (!arguments.Read(env, info)) return nullptr;
  if (Refused<kWrite>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  if (!ReadViews(env, arguments.values[4], &operation->buffers)) {
    operation->Release();
    return nullptr;
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

// (slot, image, offset, length, flags) => 0 or -ERANGE. JavaScript thread.
napi_value WriteZeroes(napi_env env, napi_callback_info info) {
  Arguments arguments;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || napi_get_value_int32(env, arguments.values[4], &flags) != napi_ok) {
    return nullptr;
  }
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->flags = flags;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return Rbd().rbd_aio_write_zeroes(o.image, o.offset, o.length, completion, 0, o.flags);
  });
}

// (slot, image, offset, length, view, flags) => 0 or -ERANGE: the view's bytes again and again. JavaScript
// thread.
napi_value WriteSame(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* data = nullptr;
  size_t bytes = 0;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[4], &data, &bytes) ||
      napi_get_value_int32(env, arguments.values[5], &flags) != napi_ok) {
    return nullptr;
  }
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  operation->data = data;
  operation->data_length = bytes;
  operation->flags = flags;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return static_cast<int>(
        Rbd().rbd_aio_writesame(o.image, o.offset, o.length, o.data, o.data_length, completion, o.flags));
  });
}

// (slot, image, offset, length, compare, view, mismatch, flags) => 0 or -ERANGE; a difference ends in -EILSEQ
// and its place in `mismatch`, eight bytes of the caller's that live as long as the views. JavaScript thread.
napi_value CompareAndWrite(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* compare = nullptr;
  char* data = nullptr;
  char* mismatch = nullptr;
  size_t compare_bytes = 0;
  size_t bytes = 0;
  size_t mismatch_bytes = 0;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[4], &compare, &compare_bytes) ||
      !ReadView(env, arguments.values[5], &data, &bytes) ||
      !ReadView(env, arguments.values[6], &mismatch, &mismatch_bytes) ||
      napi_get_value_int32(env, arguments.values[7], &flags) != napi_ok) {
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
  operation->flags = flags;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return static_cast<int>(Rbd().rbd_aio_compare_and_write(o.image, o.offset, o.length, o.compare, o.data,
                                                            completion, o.mismatch, o.flags));
  });
}

// (slot, image, offset, length, compares, views, mismatch, flags) => 0, -ERANGE or -ENOSYS; `length` is the
// total of the views, and of the compares; else as CompareAndWrite(). JavaScript thread.
napi_value CompareAndWriteVector(napi_env env, napi_callback_info info) {
  Arguments arguments;
  char* mismatch = nullptr;
  size_t mismatch_bytes = 0;
  int32_t flags = 0;
  if (!arguments.Read(env, info) || !ReadView(env, arguments.values[6], &mismatch, &mismatch_bytes) ||
      napi_get_value_int32(env, arguments.values[7], &flags) != napi_ok) {
    return nullptr;
  }
  if (Rbd().rbd_aio_compare_and_writev == nullptr) return Answer(env, -ENOSYS);
  if (mismatch_bytes < sizeof(uint64_t)) {
    napi_throw_range_error(env, nullptr, "rbdkit: no room for the mismatch");
    return nullptr;
  }
  if (Refused<true>(arguments)) return Answer(env, -ERANGE);
  ImageOperation* operation = ImageOperation::Take();
  if (!ReadViews(env, arguments.values[4], &operation->compares) ||
      !ReadViews(env, arguments.values[5], &operation->buffers)) {
    operation->Release();
    return nullptr;
  }
  operation->mismatch = reinterpret_cast<uint64_t*>(mismatch);
  operation->flags = flags;
  return Start(env, arguments, operation, [](const ImageOperation& o, rbd_completion_t completion) {
    return static_cast<int>(Rbd().rbd_aio_compare_and_writev(
        o.image, o.offset, o.compares.data(), static_cast<int>(o.compares.size()), o.buffers.data(),
        static_cast<int>(o.buffers.size()), completion, o.mismatch, o.flags));
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
  add("rbd_aio_read2", ReadOrWriteAdvised<false>);
  add("rbd_aio_write2", ReadOrWriteAdvised<true>);
  add("rbd_aio_write_with_crc32c", WriteWithCrc32c);
  add("rbd_aio_readv", ReadOrWriteVector<false>);
  add("rbd_aio_writev", ReadOrWriteVector<true>);
  add("rbd_aio_discard", Discard);
  add("rbd_aio_write_zeroes", WriteZeroes);
  add("rbd_aio_writesame", WriteSame);
  add("rbd_aio_compare_and_write", CompareAndWrite);
  add("rbd_aio_compare_and_writev", CompareAndWriteVector);
  add("rbd_aio_flush", Flush);
}

}  // namespace rbdkit
