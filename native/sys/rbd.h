// librbd, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_RBD_H_
#define RBDKIT_SYS_RBD_H_

#include <rbd/librbd.h>

#include "sys/generated/librbd.h"
#include "sys/library.h"

namespace rbdkit {

struct RbdApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RBD_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens librbd on the first call; later calls return at once. Any thread.
bool LoadRbd(LibraryError* error);

// The table; only after LoadRbd() returned true.
extern RbdApi rbd_api;
inline const RbdApi& Rbd() { return rbd_api; }

// rbd_close(), a moment later: librbd (16.2.15) looks at an image once more after it has said that
// it is open, and ends the process when it is gone by then (docs/decisions/0021). Blocks.
int CloseImage(rbd_image_t image);

// Opens an image at a snapshot, or without one (null or empty) as it is now, by one of the rbd_open
// functions. They refuse a snapshot without an object map, which is what is made in a pool that is full
// (16.2.15), and rbd_snap_set() does not: so where there is nothing to be opened, that is tried as well.
int OpenImageAt(decltype(&::rbd_open) open, rados_ioctx_t ioctx, const char* name, const char* snapshot,
                rbd_image_t* image);

// Calls `visit(name, present)` for every function of the table; only after LoadRbd().
void VisitRbd(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RBD_H_
