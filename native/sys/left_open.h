// These functions know the connections that cannot be ended, because something that needs them could not be
// closed.
#ifndef RBDKIT_SYS_LEFT_OPEN_H_
#define RBDKIT_SYS_LEFT_OPEN_H_

#include <rados/librados.h>

namespace rbdkit {

// LeaveOpen() says that rados_shutdown() is not to be called for a connection, because threads of librbd
// still use it. Any thread.
void LeaveOpen(rados_t cluster);
bool IsLeftOpen(rados_t cluster);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LEFT_OPEN_H_
