// This file declares rbd's diffs as `rbd export-diff` and `rbd export --export-format 2` write them
// (doc/dev/rbd-diff.rst of Ceph and what its source adds to that). All numbers are little endian.
#ifndef RBDKIT_COPY_FORMAT_DIFF_FORMAT_H_
#define RBDKIT_COPY_FORMAT_DIFF_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "disk/error.h"

namespace rbdkit::copy {

inline constexpr std::string_view kDiffBannerV1 = "rbd diff v1\n";
inline constexpr std::string_view kDiffBannerV2 = "rbd diff v2\n";

// These are the tags of records. In version 2 a record's length follows each of them, except kDiffEnd.
inline constexpr char kDiffFromSnapshot = 'f';
inline constexpr char kDiffToSnapshot = 't';
inline constexpr char kDiffSize = 's';
inline constexpr char kDiffProtection = 'p';  // version 2 only
inline constexpr char kDiffData = 'w';
inline constexpr char kDiffZero = 'z';
inline constexpr char kDiffEnd = 'e';

// The rbd command has the same limit.
inline constexpr size_t kMaxDiffSnapshotName = 4096;

struct DiffHeader {
  int version = 1;
  std::optional<std::string> from;  // absent: from nothing
  std::optional<std::string> to;    // absent: the image as it was, not a snapshot
  // `is_protected` tells whether the snapshot `to` is protected, where the diff says.
  std::optional<bool> is_protected;
  uint64_t size = 0;  // of the image at its end
};

struct DiffRecord {
  enum class Kind : uint8_t { kData, kZero, kEnd };
  Kind kind = Kind::kEnd;
  uint64_t offset = 0;
  uint64_t length = 0;  // never 0 but at the end
  uint64_t end() const { return offset + length; }
};

// A DiffSummary tells what is in a diff.
struct DiffSummary {
  DiffHeader header;
  uint64_t data_extents = 0;
  uint64_t data_bytes = 0;
  uint64_t zero_extents = 0;
  uint64_t zero_bytes = 0;
  uint64_t file_bytes = 0;
  uint32_t crc32c = 0;  // of the file's bytes

  void Count(const DiffRecord& record) {
    if (record.kind == DiffRecord::Kind::kEnd) return;
    const bool data = record.kind == DiffRecord::Kind::kData;
    ++(data ? data_extents : zero_extents);
    (data ? data_bytes : zero_bytes) += record.length;
  }
};

// A DiffStream is a diff to read: its header, then its records in ascending order. One thread at a time; it
// may block.
class DiffStream {
 public:
  virtual ~DiffStream() = default;
  // ReadHeader() comes first of all.
  virtual Error ReadHeader() = 0;
  const DiffHeader& header() const { return header_; }
  // Next() gives the next record, whether or not the data of the last one has been read. After the end it
  // gives the end again.
  virtual Error Next(DiffRecord* record) = 0;
  // ReadData() gives the next bytes of the record's data; never more than it has is asked for.
  virtual Error ReadData(char* buffer, size_t length) = 0;
  virtual Error SkipData(uint64_t length) = 0;

 protected:
  DiffHeader header_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_DIFF_FORMAT_H_
