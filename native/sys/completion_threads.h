// AwaitCompletionThreads() waits for the threads on which librados and librbd run what they have queued.
#ifndef RBDKIT_SYS_COMPLETION_THREADS_H_
#define RBDKIT_SYS_COMPLETION_THREADS_H_

namespace rbdkit {

// AwaitCompletionThreads() waits until each of these threads of this process has been seen asleep since the
// call, or has run for a while. What it was about to do when the call began is done then. The wait is 100 ms
// at most, and a millisecond at least. Any thread but these.
void AwaitCompletionThreads();

}  // namespace rbdkit

#endif  // RBDKIT_SYS_COMPLETION_THREADS_H_
