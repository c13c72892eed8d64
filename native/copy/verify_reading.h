// Verifying by reading again.
#ifndef RBDKIT_COPY_VERIFY_READING_H_
#define RBDKIT_COPY_VERIFY_READING_H_

#include <atomic>
#include <memory>
#include <vector>

#include "copy/checksums.h"
#include "copy/sweep.h"
#include "copy/verifier.h"

namespace rbdkit::copy {

// Reads the destination again and compares checksums of 4 MiB.
class ReadBackVerifier final : public Verifier, private Visitor {
 public:
  ReadBackVerifier(Destination& destination, size_t max_memory, Limits limits);
  Error Prepare(uint64_t size) override;
  void Written(uint64_t offset, const char* data, size_t length) override;
  void Moved(uint64_t offset, uint32_t crc, uint64_t length) override {
    checksums_.AddPiece(offset, crc, length);
  }
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  void Wake() override { sweep_.Wake(); }

 private:
  void Look(const SweptSpan& span, std::vector<Piece>* found) override;

  Destination& destination_;
  const size_t max_memory_;
  const Limits limits_;
  Checksums checksums_;
  std::unique_ptr<Source> reader_;
  Sweep sweep_;
};

// Reads both sides again and compares every byte.
class FullVerifier final : public Verifier {
 public:
  FullVerifier(Source& source, Destination& destination, size_t max_memory, Limits limits)
      : source_(source), destination_(destination), max_memory_(max_memory), limits_(limits) {}
  Error Prepare(uint64_t size) override;
  void Written(uint64_t /*offset*/, const char* /*data*/, size_t /*length*/) override {}
  void Moved(uint64_t /*offset*/, uint32_t /*crc*/, uint64_t /*length*/) override {}
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  void Wake() override { sweep_.Wake(); }

 private:
  Source& source_;
  Destination& destination_;
  const size_t max_memory_;
  const Limits limits_;
  std::unique_ptr<Source> reader_;
  Sweep sweep_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_READING_H_
