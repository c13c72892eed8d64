// RbdApi is librbd, opened at run time, with one typed pointer for each function that is used.
#ifndef RBDKIT_SYS_RBD_H_
#define RBDKIT_SYS_RBD_H_

#include <rbd/librbd.h>

#include <string>

#include "sys/generated/librbd.h"
#include "sys/later/librbd.h"
#include "sys/library.h"

namespace rbdkit {

struct RbdApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RBD_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadRbd() opens librbd on the first call; later calls return at once. Any thread.
bool LoadRbd(LibraryError* error);

// rbd_api is the table. It is used only after LoadRbd() returned true.
extern RbdApi rbd_api;
inline const RbdApi& Rbd() { return rbd_api; }

// CloseImage() calls rbd_close() a moment later, because librbd (16.2.15) was seen to end the process after
// an image was closed (docs/decisions/0021). It returns what rbd_close() does. Blocks.
int CloseImage(rbd_image_t image);

// OpenImageAt() opens an image at a snapshot, or without one (null or empty) as it is now, by one of the
// rbd_open functions. These refuse a snapshot without an object map, which is what is made in a pool that is
// full (16.2.15), and rbd_snap_set() does not. So where there is nothing to be opened, that is tried as well.
// Blocks.
int OpenImageAt(decltype(&::rbd_open) open, rados_ioctx_t ioctx, const char* name, const char* snapshot,
                rbd_image_t* image);

// The release that brought the function whose pointer in the table this is; nullptr: every one has it.
const char* RbdSince(const void* pointer);
// The same of a function that the host's librbd lacks, by its name; nullptr: it has it. After LoadRbd().
const char* RbdLacks(const std::string& name);

// VisitRbd() calls `visit(name, present)` for every function of the table; only after LoadRbd().
void VisitRbd(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RBD_H_
