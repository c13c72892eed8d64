// StartEventLoop() runs libvirt's event loop on a thread of our own, "rbdkit-virevent".
#ifndef RBDKIT_LIBVIRT_EVENT_LOOP_H_
#define RBDKIT_LIBVIRT_EVENT_LOOP_H_

namespace rbdkit {

// StartEventLoop() starts the loop, once a process. libvirt sends and checks keepalive messages from it, so
// it must run before a connection is opened. The loop needs no time of JavaScript's thread, so a busy one
// loses no connection. It runs until the process ends, because libvirt has no way to take an event loop back.
// libvirt is loaded. Any thread.
//
// It is not libvirt's own loop (virEventRegisterDefaultImpl): with that (9.0), calls on a connection that
// keepalive had given up were seen to wait on the socket without end. This loop shuts the socket down as soon
// as libvirt stops watching it, which ends all of them.
//
// StartEventLoop() throws std::system_error when no thread can be started.
void StartEventLoop();

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_LOOP_H_
