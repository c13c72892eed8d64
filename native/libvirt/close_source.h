// A connection's end is told by libvirt's close callback, which gets a number and no pointer.
#ifndef RBDKIT_LIBVIRT_CLOSE_SOURCE_H_
#define RBDKIT_LIBVIRT_CLOSE_SOURCE_H_

#include <functional>

#include "libvirt/event_source.h"

namespace rbdkit {

// ClosingRegistration() is that of a connection's one close callback, whose source tells { closeReason }.
// `add` registers it with the number as its opaque pointer, and gives 0 or -1; `remove` takes it back.
//
// Taking it back asks the daemon, and fails when the daemon is gone: then libvirt may still call. It has no
// function that frees the opaque pointer either, because a driver without a daemon takes no callback and
// forgets that function. The number is looked up, and means nothing once `remove` has been called.
Registration ClosingRegistration(std::function<int(void* number)> add, std::function<void()> remove);

// TellClosed() is what a close callback does. The event loop's thread.
void TellClosed(void* number, int reason);

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_CLOSE_SOURCE_H_
