// ToStream() reads a file, a descriptor or a handover on the JavaScript thread.
#include "addon/stream_values.h"

#include <fcntl.h>

#include <cstdint>
#include <string>

#include "addon/handover.h"
#include "core/read.h"

namespace rbdkit {

Stream ToStream(Napi::Object object) {
  Stream stream;
  if (object.Has("handover")) {
    stream.spec.handover = ToHandover(object.Get("handover"));
    stream.spec.file = object.Get("label").As<Napi::String>();
    if (const auto size = ToOptionalUint64(object.Get("size"))) stream.spec.size = *size;
    return stream;
  }
  const Napi::Value file = object.Get("file");
  if (file.IsString()) {
    stream.spec.file = file.As<Napi::String>();
    return stream;
  }
  const int fd = object.Get("fd").As<Napi::Number>();
  stream.fd = std::make_shared<copy::UniqueFd>(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  // The job says so when the descriptor is not open.
  stream.spec = {"fd " + std::to_string(fd), *stream.fd ? stream.fd->get() : fd};
  return stream;
}

}  // namespace rbdkit
