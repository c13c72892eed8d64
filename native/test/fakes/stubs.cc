// These stubs are every function of the tables that a fake does not have itself. They answer -ENOSYS or with
// their fault, so that a fake never falls behind the table. They have a file of their own, because the
// assembler names would clash with the headers' prototypes.
#include <cerrno>
#include <string>

#include "sys/rados.h"
#include "sys/rbd.h"
#include "test/fakes/common.h"

namespace {

// Asynchronous calls of librados do not block, and neither do those that put an operation together: told to
// hang, they never complete.
bool NeverBlocks(const std::string& function) {
  if (function.rfind("rados_aio_", 0) == 0) return true;
  return function.find("_op_operate") == std::string::npos &&
         (function.find("_write_op") != std::string::npos || function.find("_read_op") != std::string::npos);
}

long Answer(const char* function) {
  if (NeverBlocks(function) && fake::Hangs(function)) return 0;
  const int r = fake::Fault(function);
  return r < 0 ? r : -ENOSYS;
}

}  // namespace

#define RBDKIT_STUB(function, since)                                                                 \
  extern "C" __attribute__((weak, visibility("default"))) long stub_##function() __asm__(#function); \
  long stub_##function() { return Answer(#function); }

#ifdef RBDKIT_FAKE_RADOS
RBDKIT_RADOS_FUNCTIONS(RBDKIT_STUB)
#else
RBDKIT_RBD_FUNCTIONS(RBDKIT_STUB)
#endif
