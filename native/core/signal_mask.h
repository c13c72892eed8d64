// Signals are for Node's main thread.
#ifndef RBDKIT_CORE_SIGNAL_MASK_H_
#define RBDKIT_CORE_SIGNAL_MASK_H_

#include <csignal>

namespace rbdkit {

// A thread that is started while this lives takes no signals, for it inherits the mask of the one that starts
// it.
class SignalMask {
 public:
  SignalMask() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalMask() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalMask(const SignalMask&) = delete;
  SignalMask& operator=(const SignalMask&) = delete;

 private:
  sigset_t before_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_SIGNAL_MASK_H_
