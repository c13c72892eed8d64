// A call of librbd's that takes long, and tells how far it is.
#ifndef RBDKIT_CEPH_LONG_CALL_H_
#define RBDKIT_CEPH_LONG_CALL_H_

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "core/pulse.h"

namespace rbdkit::copy {

// Made on the thread of the job that the call is for. Outlives the call.
struct LongCall {
  std::atomic<bool> stop{false};  // the call is to end early
  const std::shared_ptr<Pulse> pulse = Pulse::Current();

  // librbd's callback, with a LongCall as its argument; any thread.
  static int Progress(uint64_t /*offset*/, uint64_t /*total*/, void* call) {
    auto* const self = static_cast<LongCall*>(call);
    self->pulse->Beat();
    return self->stop ? -ECANCELED : 0;
  }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_LONG_CALL_H_
