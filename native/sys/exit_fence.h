// The exit fence ends the process safely while Ceph or libvirt threads are alive. It runs on the thread that
// calls exit().
#ifndef RBDKIT_SYS_EXIT_FENCE_H_
#define RBDKIT_SYS_EXIT_FENCE_H_

namespace rbdkit {

// RegisterExitFence() registers the fence once more. Exit handlers run last-registered first, so it is called
// after each dlopen to run before that library's destructors. Any thread.
void RegisterExitFence();

// These two count what is connected (clusters, libvirt connections) and the calls under way on our threads,
// which may be connecting. While the count is above zero, the fence ends the process by _exit(): OpenSSL and
// static destructors would otherwise go away under living librados threads, which crashed three runs of ten
// (docs/decisions/0001). Any thread.
void FenceConnected();
void FenceDisconnected();

// ExitNow() flushes stdio and ends the process without running destructors. Any thread.
[[noreturn]] void ExitNow(int status);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_EXIT_FENCE_H_
