#include "copy/verify_reading.h"

#include <algorithm>
#include <utility>

#include "copy/compare.h"

namespace rbdkit::copy {

namespace {

// How many differing extents an error names.
constexpr size_t kNamed = 3;

const ImageLayout kUnits{kUnitSize, kUnitSize, 1, 0};

Error Refused(Side side, const char* why) {
  Error error = Error::Coded(kVerifyUnsupported, "verify", why);
  error.side = side;
  return error;
}

Error TooLarge(const Checksums& checksums, uint64_t size) {
  if (size == kUnknownSize || checksums.ObjectCount(size) <= Checksums::kMaxObjects) return {};
  return Refused(Side::kDestination, "there are more objects than checksums are kept of (2^24)");
}

Error Failed(const Differences& differences) {
  std::string text = std::to_string(differences.bytes) + " bytes in " + std::to_string(differences.count) +
                     (differences.count == 1 ? " extent" : " extents") + " are not what was copied: ";
  for (const Differences::Range& range : differences.ranges) {
    text += std::to_string(range.length) + " at " + std::to_string(range.offset) + ", ";
  }
  text.resize(text.size() - 2);
  if (differences.count > differences.ranges.size()) text += ", ...";
  Error error = Error::Coded(kVerifyFailed, "verify", std::move(text));
  error.side = Side::kDestination;
  return error;
}

Error OpenReader(Source& reader, uint64_t size) {
  if (Error error = reader.Open()) return At(Side::kDestination, std::move(error));
  if (reader.size() == size) return {};
  Error error =
      Error::Coded(kVerifyFailed, "verify",
                   "the size is " + std::to_string(reader.size()) + ", not " + std::to_string(size));
  return At(Side::kDestination, std::move(error));
}

Error CloseReader(Source& reader) {
  if (Error error = reader.Confirm()) return At(Side::kDestination, std::move(error));
  return At(Side::kDestination, reader.Close());
}

}  // namespace

ReadBackVerifier::ReadBackVerifier(Destination& destination, size_t max_memory, Limits limits)
    : destination_(destination), max_memory_(max_memory), limits_(limits), checksums_(kUnits) {}

Error ReadBackVerifier::Prepare(uint64_t size) {
  reader_ = destination_.Reader();
  if (!reader_) return Refused(Side::kDestination, "what is written there cannot be read again");
  return TooLarge(checksums_, size);
}

void ReadBackVerifier::Written(uint64_t offset, const char* data, size_t length) {
  checksums_.Add(offset, data, length);
}

void ReadBackVerifier::Look(const SweptSpan& span, std::vector<Piece>* /*found*/) {
  checksums_.Add(span.offset, span.bytes[0], span.length);
}

Error ReadBackVerifier::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  if (Error error = TooLarge(checksums_, size)) return error;
  const std::unique_ptr<Source> reader = std::move(reader_);
  if (Error error = OpenReader(*reader, size)) return error;
  if (Error error =
          sweep_.Run({{reader.get(), Side::kDestination}}, *this, meter, stop, max_memory_, limits_)) {
    return error;
  }
  if (stop) return {};
  if (Error error = CloseReader(*reader)) return error;
  Differences differences;
  differences.most = kNamed;
  for (uint64_t unit = 0; unit * kUnitSize < size; ++unit) {
    if (checksums_.at(unit) == 0) continue;
    differences.Add(unit * kUnitSize, std::min<uint64_t>(kUnitSize, size - unit * kUnitSize));
  }
  return differences.count == 0 ? Error() : Failed(differences);
}

Error FullVerifier::Prepare(uint64_t /*size*/) {
  if (!source_.Rewind()) return Refused(Side::kSource, "it cannot be read a second time");
  reader_ = destination_.Reader();
  if (!reader_) return Refused(Side::kDestination, "what is written there cannot be read again");
  return {};
}

Error FullVerifier::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  source_.Rewind();
  const std::unique_ptr<Source> reader = std::move(reader_);
  if (Error error = OpenReader(*reader, size)) return error;
  Comparer comparer(size, size, kNamed);
  const std::vector<Sweep::Swept> sides{{&source_, Side::kSource}, {reader.get(), Side::kDestination}};
  if (Error error = sweep_.Run(sides, comparer, meter, stop, max_memory_, limits_)) return error;
  if (stop) return {};
  if (Error error = CloseReader(*reader)) return error;
  return comparer.differences().count == 0 ? Error() : Failed(comparer.differences());
}

}  // namespace rbdkit::copy
