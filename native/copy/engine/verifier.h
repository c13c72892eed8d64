// Whether the destination holds what was copied: found out when it is durable and before it has its name.
#ifndef RBDKIT_COPY_ENGINE_VERIFIER_H_
#define RBDKIT_COPY_ENGINE_VERIFIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "copy/engine/meter.h"
#include "disk/error.h"

namespace rbdkit::copy {

// Its errors say which side they are about.
class Verifier {
 public:
  virtual ~Verifier() = default;

  // The destination is prepared and nothing is copied yet: refuses what could not be verified. `size` may be
  // kUnknownSize.
  virtual Error Prepare(uint64_t size) = 0;
  // The source has gone to its next layer, which is copied from now on.
  virtual Error BeginLayer() { return {}; }
  // What is written, other than zeros. Any engine thread.
  virtual void Written(uint64_t offset, const char* data, size_t length) = 0;
  // What has got there without being read here, by its CRC32C register from 0: in one piece in an object, and
  // not across a border of units. Any thread.
  virtual void Moved(uint64_t offset, uint32_t crc, uint64_t length) = 0;
  // The destination is durable; `size`, of the last layer, is known. The source is at its last layer and is
  // left there. Blocking. No error when `stop` ended it.
  virtual Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) = 0;
  // After Verify(): the CRC32C of the destination's content, if that was read.
  virtual std::optional<uint32_t> crc32c() const { return std::nullopt; }
  // `stop` was set. Any thread, any time.
  virtual void Wake() = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_VERIFIER_H_
