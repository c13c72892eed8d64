// What native/addon/image_stream.cc exports to JavaScript.
#ifndef RBDKIT_ADDON_IMAGE_STREAM_H_
#define RBDKIT_ADDON_IMAGE_STREAM_H_

#include <napi.h>

namespace rbdkit {

void ExportImageStream(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_IMAGE_STREAM_H_
