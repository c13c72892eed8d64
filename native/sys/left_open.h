// Connections that cannot be ended, for something that needs them could not be closed.
#ifndef RBDKIT_SYS_LEFT_OPEN_H_
#define RBDKIT_SYS_LEFT_OPEN_H_

#include <rados/librados.h>

namespace rbdkit {

// rados_shutdown() is not to be called for it: threads of librbd would go on in memory that is freed. Any
// thread.
void LeaveOpen(rados_t cluster);
bool IsLeftOpen(rados_t cluster);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LEFT_OPEN_H_
