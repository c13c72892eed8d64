// These verifiers read again what was copied. Written() comes from the engine's threads; Verify() blocks the
// job's thread, and the sweep's threads compare.
#ifndef RBDKIT_COPY_VERIFY_READING_H_
#define RBDKIT_COPY_VERIFY_READING_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "copy/engine/verifier.h"
#include "copy/verify/checksums.h"
#include "copy/verify/sweep.h"
#include "disk/crc32c.h"

namespace rbdkit::copy {

// Each of several layers is verified, the oldest first: the destination's snapshots, and at last what the
// destination is now. When the source ends with a snapshot, the last one is going to be of that.

// A ReadBackVerifier reads the destination again and compares checksums of 4 MiB. The layer before holds what
// a layer does not change. When that one is read, this part is added to what was written of the layer. A
// layer is read once.
class ReadBackVerifier final : public Verifier, private Visitor {
 public:
  ReadBackVerifier(Source& source, Destination& destination, size_t max_memory, Limits limits)
      : source_(source), destination_(destination), sweep_(max_memory, limits) {}
  Error Prepare(uint64_t size) override;
  Error BeginLayer() override;
  void Written(uint64_t offset, const char* data, size_t length) override {
    layers_.back()->Add(offset, data, length);
  }
  void Moved(uint64_t offset, uint32_t crc, uint64_t length) override {
    layers_.back()->AddPiece(offset, crc, length);
  }
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  std::optional<uint32_t> crc32c() const override { return Crc32cCombine(crc_part_, size_); }
  void Wake() override { sweep_.Wake(); }

 private:
  Error Read(const std::string& snapshot, uint64_t size, Checksums* layer, Checksums* next, Meter& meter,
             const std::atomic<bool>& stop);
  Error Planned(const SweptSpan& span) override;
  void Look(const SweptSpan& span, std::vector<Piece>* found) override;
  std::vector<Extent> TakeKept(uint64_t offset);

  Source& source_;  // at the layer `next_` while there is one
  Destination& destination_;
  Sweep sweep_;
  std::vector<std::unique_ptr<Checksums>> layers_;
  Checksums* layer_ = nullptr;  // the one that is read; nullptr: only for the next
  Checksums* next_ = nullptr;   // the one after it, if there is one
  Extent change_;               // the source's where the plan is
  std::mutex mutex_;
  std::map<uint64_t, std::vector<Extent>> kept_;  // by the next layer, of spans under way; guarded by mutex_
  std::atomic<uint32_t> crc_part_{0};             // of the layer
  uint64_t size_ = 0;
};

// A FullVerifier reads both sides again and compares every byte.
class FullVerifier final : public Verifier {
 public:
  FullVerifier(Source& source, Destination& destination, size_t max_memory, Limits limits)
      : source_(source), destination_(destination), sweep_(max_memory, limits) {}
  Error Prepare(uint64_t size) override;
  void Written(uint64_t /*offset*/, const char* /*data*/, size_t /*length*/) override {}
  void Moved(uint64_t /*offset*/, uint32_t /*crc*/, uint64_t /*length*/) override {}
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  std::optional<uint32_t> crc32c() const override { return crc32c_; }
  void Wake() override { sweep_.Wake(); }

 private:
  Error Compare(Source& source, Source& reader, const std::string& where, Meter& meter,
                const std::atomic<bool>& stop);

  Source& source_;
  Destination& destination_;
  Sweep sweep_;
  uint32_t crc32c_ = 0;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_READING_H_
