// An Offload moves parts of a source to its destination without reading them here. The engine calls it on the
// job's thread.
#ifndef RBDKIT_COPY_ENGINE_OFFLOAD_H_
#define RBDKIT_COPY_ENGINE_OFFLOAD_H_

#include <atomic>
#include <cstdint>

#include "copy/engine/meter.h"
#include "copy/engine/moved.h"
#include "copy/engine/verifier.h"
#include "disk/error.h"

namespace rbdkit::copy {

struct MovedTotals {
  uint64_t objects = 0;
  uint64_t bytes = 0;
  uint64_t bytes_found = 0;  // of them: what an earlier copy had moved
  uint32_t crc = 0;          // a part for Crc32cCombine(), of the whole source
};

// An Offload is for a source without layers. Its errors say which side they are about. What it does not move
// is read and written as ever.
class Offload {
 public:
  virtual ~Offload() = default;

  // Choose() decides whether anything is moved; an error means that it must be, and cannot. The source is
  // open, the destination is not prepared.
  virtual Error Choose() = 0;
  virtual bool chosen() const = 0;

  // Move() and what follows are only called when the offload was chosen. The destination is prepared,
  // `verifier` may be nullptr. It is no error when `stop` ended it. Blocks.
  virtual Error Move(Verifier* verifier, Meter& meter, const std::atomic<bool>& stop) = 0;
  // Wake() says that `stop` was set. Any thread, any time.
  virtual void Wake() = 0;
  // These two are for after Move().
  virtual const Moved& moved() const = 0;
  virtual const MovedTotals& totals() const = 0;
  // Finish() makes the destination what it is to be when all that was written is durable. Blocks.
  virtual Error Finish(Meter& meter) = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_OFFLOAD_H_
