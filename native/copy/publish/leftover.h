// A Leftover is something that an unfinished copy has left.
#ifndef RBDKIT_COPY_PUBLISH_LEFTOVER_H_
#define RBDKIT_COPY_PUBLISH_LEFTOVER_H_

#include <string>

#include "copy/publish/record.h"
#include "disk/error.h"

namespace rbdkit::copy {

struct Leftover {
  std::string name;  // of the temporary
  Record record;
  bool in_use = false;  // by a copy that is at work, or was until a moment ago
  bool cleared = false;
  Error error;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_LEFTOVER_H_
