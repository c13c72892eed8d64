// This library calls librados's C++ interface, which the addon cannot open by name. It runs on the mover's
// threads.
#include "server_copy/copy_from.h"

#include <cerrno>
#include <map>
#include <new>
#include <rados/librados.hpp>

namespace {

librados::IoCtx Wrap(rados_ioctx_t ioctx) {
  librados::IoCtx wrapped;
  librados::IoCtx::from_rados_ioctx_t(ioctx, wrapped);  // counts one more user of it
  return wrapped;
}

}  // namespace

int rbdkit_copy_from(rados_ioctx_t ioctx, const char* object, rados_ioctx_t source_ioctx,
                     const char* source_object) {
  try {
    const librados::IoCtx source = Wrap(source_ioctx);
    librados::ObjectWriteOperation operation;
    operation.copy_from(source_object, source, 0, 0);  // whatever version it is of
    return Wrap(ioctx).operate(object, &operation);
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

int rbdkit_allocated(rados_ioctx_t ioctx, const char* object, uint64_t length, uint64_t* bytes) {
  try {
    std::map<uint64_t, uint64_t> extents;
    const int r = Wrap(ioctx).mapext(object, 0, length, extents);
    if (r < 0) return r;
    *bytes = 0;
    for (const auto& [offset, extent] : extents) *bytes += extent;
    return 0;
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}
