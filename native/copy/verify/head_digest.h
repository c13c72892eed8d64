// HeadDigest computes the checksum of what a copy of several layers has come to. It blocks the job's thread;
// the sweep's threads read.
#ifndef RBDKIT_COPY_VERIFY_HEAD_DIGEST_H_
#define RBDKIT_COPY_VERIFY_HEAD_DIGEST_H_

#include <cstdint>
#include <memory>

#include "copy/engine/verifier.h"
#include "copy/verify/sweep.h"

namespace rbdkit::copy {

// HeadDigest reads the destination again, because the last layer that was copied is only what has changed.
// Where that layer is all there is no need.
class HeadDigest final : public Verifier {
 public:
  // Both are borrowed.
  HeadDigest(const Source& source, Destination& destination, size_t max_memory, Limits limits)
      : source_(source), destination_(destination), sweep_(max_memory, limits) {}

  Error Prepare(uint64_t /*size*/) override { return {}; }
  void Written(uint64_t /*offset*/, const char* /*data*/, size_t /*length*/) override {}
  void Moved(uint64_t /*offset*/, uint32_t /*crc*/, uint64_t /*length*/) override {}
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  std::optional<uint32_t> crc32c() const override { return crc32c_; }
  void Wake() override { sweep_.Wake(); }

 private:
  const Source& source_;
  Destination& destination_;
  Sweep sweep_;
  std::optional<uint32_t> crc32c_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_HEAD_DIGEST_H_
