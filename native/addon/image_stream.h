// ExportImageStream() gives JavaScript the functions that write a whole image with its snapshots to a stream
// and read it from one. It runs on the JavaScript thread.
#ifndef RBDKIT_ADDON_IMAGE_STREAM_H_
#define RBDKIT_ADDON_IMAGE_STREAM_H_

#include <napi.h>

namespace rbdkit {

void ExportImageStream(Napi::Env env, Napi::Object exports);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_IMAGE_STREAM_H_
