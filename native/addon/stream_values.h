// Jobs on files, descriptors and streams share how JavaScript names these. ToStream() runs on the JavaScript
// thread.
#ifndef RBDKIT_ADDON_STREAM_VALUES_H_
#define RBDKIT_ADDON_STREAM_VALUES_H_

#include <napi.h>

#include <memory>

#include "disk/stream_file.h"
#include "disk/unique_fd.h"

namespace rbdkit {

// A Stream is one as lib/copy/diff.ts names it: { file }, { fd } or { handover, label, size }. Its descriptor
// is a duplicate of the caller's, who may close theirs.
struct Stream {
  copy::StreamSpec spec;
  std::shared_ptr<copy::UniqueFd> fd;
};

Stream ToStream(Napi::Object object);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_STREAM_VALUES_H_
