// ServerCopyApi is rbdkit_copy_from.so, opened at run time: what librados offers in C++ only. It need not be
// there.
#ifndef RBDKIT_SYS_SERVER_COPY_H_
#define RBDKIT_SYS_SERVER_COPY_H_

#include "server_copy/copy_from.h"
#include "sys/library.h"

// F(function, since): see sys/rados.h.
#define RBDKIT_SERVER_COPY_FUNCTIONS(F) \
  F(rbdkit_copy_from, nullptr)          \
  F(rbdkit_allocated, nullptr)

namespace rbdkit {

struct ServerCopyApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_SERVER_COPY_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// LoadServerCopy() opens the library that lies beside this binary on the first call; later calls return at
// once. After LoadRados(). Any thread.
bool LoadServerCopy(LibraryError* error);

// server_copy_api is the table. It is used only after LoadServerCopy() returned true.
extern ServerCopyApi server_copy_api;
inline const ServerCopyApi& ServerCopy() { return server_copy_api; }

}  // namespace rbdkit

#endif  // RBDKIT_SYS_SERVER_COPY_H_
