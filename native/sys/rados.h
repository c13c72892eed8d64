// RadosApi is librados, opened at run time, with one typed pointer for each function that is used.
#ifndef RBDKIT_SYS_RADOS_H_
#define RBDKIT_SYS_RADOS_H_

#include <rados/librados.h>

#include "sys/generated/librados.h"
#include "sys/later/librados.h"
#include "sys/library.h"

namespace rbdkit {

struct RadosApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RADOS_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadRados() opens librados on the first call; later calls return at once. Any thread.
bool LoadRados(LibraryError* error);

// rados_api is the table. It is used only after LoadRados() returned true.
extern RadosApi rados_api;
inline const RadosApi& Rados() { return rados_api; }

// The release that brought the function whose pointer in the table this is; nullptr: every one has it.
const char* RadosSince(const void* pointer);

// VisitRados() calls `visit(name, present)` for every function of the table; only after LoadRados().
void VisitRados(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RADOS_H_
