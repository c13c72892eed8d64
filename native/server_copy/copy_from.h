// These two C functions do what librados offers in C++ only. They are a library of their own,
// rbdkit_copy_from.so beside the addon, which links librados as the addon may not (docs/decisions/0001). They
// block on the mover's threads.
#ifndef RBDKIT_SERVER_COPY_COPY_FROM_H_
#define RBDKIT_SERVER_COPY_COPY_FROM_H_

#include <rados/librados.h>

#include <cstdint>

extern "C" {

// rbdkit_copy_from() copies an object as it is at the snapshot that `source_ioctx` reads, in one step: its
// OSD fetches it from the source's. Both ioctxs are of one rados_t. It returns 0 or a negative errno. Blocks
// until the object is durable.
int rbdkit_copy_from(rados_ioctx_t ioctx, const char* object, rados_ioctx_t source_ioctx,
                     const char* source_object);

// rbdkit_allocated() tells how many of an object's first `length` bytes its OSD has allocated. It returns 0
// or a negative errno, EOPNOTSUPP for erasure-coded pools. Blocks.
int rbdkit_allocated(rados_ioctx_t ioctx, const char* object, uint64_t length, uint64_t* bytes);

}  // extern "C"

#endif  // RBDKIT_SERVER_COPY_COPY_FROM_H_
