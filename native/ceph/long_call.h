// A LongCall watches and ends a call of librbd's that takes long and tells how far it is.
#ifndef RBDKIT_CEPH_LONG_CALL_H_
#define RBDKIT_CEPH_LONG_CALL_H_

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "core/pulse.h"

namespace rbdkit::copy {

// A LongCall is made on the thread of the job that the call is for, and outlives the call.
struct LongCall {
  std::atomic<bool> stop{false};  // the call is to end early
  const std::shared_ptr<Pulse> pulse = Pulse::Current();

  // Progress() is librbd's callback, with a LongCall as its argument. Any thread.
  static int Progress(uint64_t /*offset*/, uint64_t /*total*/, void* call) {
    auto* const self = static_cast<LongCall*>(call);
    self->pulse->Beat();
    return self->stop ? -ECANCELED : 0;
  }
};

// The callback of a call whose progress nobody wants, and which nothing ends early: librbd calls what it is
// given, null or not.
inline int NoProgress(uint64_t /*offset*/, uint64_t /*total*/, void* /*arg*/) { return 0; }

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_LONG_CALL_H_
