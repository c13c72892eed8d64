#include "addon/stream_values.h"

#include <fcntl.h>

#include <cstdint>
#include <string>

#include "addon/handover.h"

namespace rbdkit {

Stream ToStream(Napi::Object object) {
  Stream stream;
  if (object.Has("handover")) {
    stream.spec.handover = ToHandover(object.Get("handover"));
    stream.spec.file = object.Get("label").As<Napi::String>();
    const Napi::Value size = object.Get("size");
    if (size.IsNumber()) stream.spec.size = static_cast<uint64_t>(size.As<Napi::Number>().Int64Value());
    return stream;
  }
  const Napi::Value file = object.Get("file");
  if (file.IsString()) {
    stream.spec.file = file.As<Napi::String>();
    return stream;
  }
  const int fd = object.Get("fd").As<Napi::Number>();
  stream.fd = std::make_shared<copy::UniqueFd>(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  // One that is not open is for the job to say.
  stream.spec = {"fd " + std::to_string(fd), *stream.fd ? stream.fd->get() : fd};
  return stream;
}

}  // namespace rbdkit
