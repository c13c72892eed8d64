// An ObjectVerifier compares what was written with the OSDs' own checksums of a new image's objects; nothing
// is read back. Written() comes from the engine's threads; Verify() blocks the job's and has eight threads of
// its own.
#ifndef RBDKIT_COPY_VERIFY_OBJECTS_H_
#define RBDKIT_COPY_VERIFY_OBJECTS_H_

#include <optional>

#include "ceph/data_objects.h"
#include "copy/destination/image.h"
#include "copy/engine/verifier.h"
#include "copy/verify/checksums.h"

namespace rbdkit::copy {

// An ObjectVerifier asks for the size of each object that was written to and for the CRC32C of its content.
class ObjectVerifier final : public Verifier {
 public:
  explicit ObjectVerifier(ImageDestination& destination) : destination_(destination) {}

  Error Prepare(uint64_t size) override;
  void Written(uint64_t offset, const char* data, size_t length) override {
    checksums_->Add(offset, data, length);
  }
  void Moved(uint64_t offset, uint32_t crc, uint64_t length) override {
    checksums_->AddPiece(offset, crc, length);
  }
  Error Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) override;
  void Wake() override {}

 private:
  struct Outcome;
  void Work(Outcome& outcome, Meter& meter, const std::atomic<bool>& stop);
  Error Check(uint64_t object);

  ImageDestination& destination_;
  uint64_t size_ = 0;
  std::optional<Checksums> checksums_;
  DataObjects objects_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_OBJECTS_H_
