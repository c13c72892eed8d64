// libvirt's event loop on a thread of our own.
#ifndef RBDKIT_LIBVIRT_EVENT_LOOP_H_
#define RBDKIT_LIBVIRT_EVENT_LOOP_H_

namespace rbdkit {

// Starts the loop, once a process: libvirt sends and checks keepalive messages from it, so it must run before
// a connection is opened. Needs no time of JavaScript's thread, so a busy one loses no connection. It runs
// until the process ends: libvirt has no way to take an event loop back. Any thread; libvirt is loaded.
// Throws std::system_error when no thread can be started.
void StartEventLoop();

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_LOOP_H_
