// This file reads and writes a whole image with its snapshots in one stream, as `rbd export --export-format
// 2` does (doc/dev/rbd-export.rst of Ceph and what its source adds to that). It runs on a job's or an
// engine's thread, one at a time.
#ifndef RBDKIT_COPY_FORMAT_IMAGE_FORMAT_H_
#define RBDKIT_COPY_FORMAT_IMAGE_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "copy/format/diff_reader.h"
#include "copy/format/format_stream.h"

namespace rbdkit::copy {

inline constexpr std::string_view kImageBanner = "rbd image v2\n";
inline constexpr std::string_view kImageDiffsBanner = "rbd image diffs v2\n";

// An ImageHeader is what the stream says of the image before its data.
struct ImageHeader {
  std::optional<uint64_t> order;
  std::optional<uint64_t> features;
  std::optional<uint64_t> stripe_unit;
  std::optional<uint64_t> stripe_count;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// An ImageReader reads the header and then one diff after another: from nothing to the first snapshot, from
// each snapshot to the next, and from the last one to the image as it was.
class ImageReader {
 public:
  // `reader` is borrowed.
  explicit ImageReader(FormatReader& reader) : reader_(reader) {}

  Error ReadHeader();
  const ImageHeader& header() const { return header_; }
  // diffs() tells how many diffs there are, which is one more than snapshots.
  uint64_t diffs() const { return diffs_; }
  // NextDiff() gives the next diff, whose header is read; nullptr after the last. It reads what is left of
  // the diff before. Each diff stays until the next call.
  Error NextDiff(DiffReader** diff);

 private:
  Error ReadRecord(uint8_t tag, uint64_t length, uint64_t position);
  Error ReadMetadata(uint64_t length, uint64_t position);

  FormatReader& reader_;
  ImageHeader header_;
  size_t metadata_bytes_ = 0;
  uint64_t diffs_ = 0;
  uint64_t next_diff_ = 0;
  std::optional<std::string> last_snapshot_;
  std::optional<DiffReader> diff_;
};

// WriteImageHeader() writes the header and the number of diffs that follow, each of which a DiffWriter of
// version 2 writes.
Error WriteImageHeader(FormatWriter& writer, const ImageHeader& header, uint64_t diffs);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_IMAGE_FORMAT_H_
