// HeadDigest sweeps the destination alone.
#include "copy/verify/head_digest.h"

#include "copy/verify/compare.h"

namespace rbdkit::copy {

Error HeadDigest::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  if (source_.layers() == 1 && !source_.parent()) return {};
  const std::unique_ptr<Source> reader = destination_.Reader("");
  if (Error error = reader->Open()) return At(Side::kDestination, std::move(error));
  Comparer comparer(size, size, 0);
  Error error = sweep_.Run({{reader.get(), Side::kDestination}}, comparer, meter, stop);
  if (error || stop) return error;
  crc32c_ = comparer.Crc(0);
  if ((error = reader->Confirm())) return At(Side::kDestination, std::move(error));
  return At(Side::kDestination, reader->Close());
}

}  // namespace rbdkit::copy
