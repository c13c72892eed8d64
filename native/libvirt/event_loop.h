// libvirt's event loop, on a thread of our own.
#ifndef RBDKIT_LIBVIRT_EVENT_LOOP_H_
#define RBDKIT_LIBVIRT_EVENT_LOOP_H_

namespace rbdkit {

// Starts the loop, once a process: libvirt sends and checks keepalive messages from it, so it must run before
// a connection is opened. Needs no time of JavaScript's thread, so a busy one loses no connection. It runs
// until the process ends: libvirt has no way to take an event loop back. Any thread; libvirt is loaded.
//
// Not libvirt's own (virEventRegisterDefaultImpl), because of what that does when keepalive gives a
// connection up under several calls: only the first one ends, the others wait on the socket without end (seen
// with 9.0). This one shuts the socket down as soon as libvirt stops watching it, which ends them all.
//
// Throws std::system_error when no thread can be started.
void StartEventLoop();

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_LOOP_H_
