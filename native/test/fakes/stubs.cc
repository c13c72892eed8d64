// These stubs are every function of the tables that a fake does not have itself. They answer -ENOSYS or with
// their fault, so that a fake never falls behind the table. They have a file of their own, because the
// assembler names would clash with the headers' prototypes.
#include <cerrno>

#include "sys/rados.h"
#include "sys/rbd.h"
#include "test/fakes/common.h"

#define RBDKIT_STUB(function, since)                                                                 \
  extern "C" __attribute__((weak, visibility("default"))) long stub_##function() __asm__(#function); \
  long stub_##function() {                                                                           \
    const int r = fake::Fault(#function);                                                            \
    return r < 0 ? r : -ENOSYS;                                                                      \
  }

#ifdef RBDKIT_FAKE_RADOS
RBDKIT_RADOS_FUNCTIONS(RBDKIT_STUB)
#else
RBDKIT_RBD_FUNCTIONS(RBDKIT_STUB)
#endif
