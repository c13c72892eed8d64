// librados, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_RADOS_H_
#define RBDKIT_SYS_RADOS_H_

#include <rados/librados.h>

#include "sys/generated/librados.h"
#include "sys/library.h"

namespace rbdkit {

struct RadosApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RADOS_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens librados on the first call; later calls return at once. Any thread.
bool LoadRados(LibraryError* error);

// The table; only after LoadRados() returned true.
extern RadosApi rados_api;
inline const RadosApi& Rados() { return rados_api; }

// Calls `visit(name, present)` for every function of the table; only after LoadRados().
void VisitRados(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RADOS_H_
