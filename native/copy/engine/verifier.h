// A Verifier finds out whether the destination holds what was copied, when it is durable and before it has
// its name. Written() comes from the engine's threads, the rest from the job's.
#ifndef RBDKIT_COPY_ENGINE_VERIFIER_H_
#define RBDKIT_COPY_ENGINE_VERIFIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "copy/engine/meter.h"
#include "disk/error.h"

namespace rbdkit::copy {

// A Verifier's errors say which side they are about.
class Verifier {
 public:
  virtual ~Verifier() = default;

  // Prepare() refuses what could not be verified. The destination is prepared and nothing is copied yet.
  // `size` may be kUnknownSize.
  virtual Error Prepare(uint64_t size) = 0;
  // BeginLayer() says that the source has gone to its next layer, which is copied from now on.
  virtual Error BeginLayer() { return {}; }
  // Written() hears of what is written, other than zeros. Any engine thread.
  virtual void Written(uint64_t offset, const char* data, size_t length) = 0;
  // Moved() hears of what has got there without being read here, by its CRC32C register from 0. It is in one
  // piece in an object, and not across a border of units. Any thread.
  virtual void Moved(uint64_t offset, uint32_t crc, uint64_t length) = 0;
  // Verify() compares. The destination is durable, and `size`, of the last layer, is known. The source is at
  // its last layer and is left there. It is no error when `stop` ended it. Blocks.
  virtual Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) = 0;
  // crc32c() is, after Verify(), that of the destination's content, if that was read.
  virtual std::optional<uint32_t> crc32c() const { return std::nullopt; }
  // Wake() says that `stop` was set. Any thread, any time.
  virtual void Wake() = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_VERIFIER_H_
