// ParseQcow2Header() checks the header's fields against each other and against the file.
#include "copy/format/qcow2_header.h"

#include <algorithm>
#include <cstring>

#include "disk/big_endian.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kLengthV2 = 72;
constexpr size_t kLengthV3 = 104;
constexpr size_t kCompressionAt = 104;  // a byte, there only in a longer header

// These are QEMU's own limits.
constexpr uint32_t kMinClusterBits = 9;
constexpr uint32_t kMaxClusterBits = 21;
constexpr uint32_t kMinExtendedClusterBits = 14;
constexpr uint64_t kMaxL1Bytes = uint64_t{32} << 20;
constexpr uint32_t kMaxBackingName = 1023;

constexpr uint64_t kDirty = 1 << 0;  // refcounts may be wrong: nothing to a reader
constexpr uint64_t kCorrupt = 1 << 1;
constexpr uint64_t kExternalData = 1 << 2;
constexpr uint64_t kCompressionType = 1 << 3;
constexpr uint64_t kExtendedL2 = 1 << 4;
constexpr uint64_t kKnown = kDirty | kCorrupt | kExternalData | kCompressionType | kExtendedL2;

constexpr uint32_t kEndOfExtensions = 0;
constexpr uint32_t kBackingFormat = 0xe2792aca;

Error ReadPart(const ByteReader& file, size_t length, std::string* part) {
  part->resize(std::min<uint64_t>(length, file.size()));
  const int64_t n = file.ReadAt(0, part->data(), part->size());
  if (n < 0) return Error(static_cast<int>(n), "pread");
  part->resize(static_cast<size_t>(n));
  return {};
}

Error CheckFeatures(uint64_t incompatible) {
  if ((incompatible & kCorrupt) != 0) return Qcow2Error("is marked as corrupt");
  if ((incompatible & kExternalData) != 0) {
    return Qcow2Error("keeps its data in another file (external data file), which is not followed");
  }
  for (uint32_t bit = 0; bit < 64; ++bit) {
    if (((incompatible & ~kKnown) >> bit & 1) != 0) {
      return Qcow2Error("uses an unknown incompatible feature, bit " + std::to_string(bit));
    }
  }
  return {};
}

// `bytes` holds the fixed part of a version 3 header at least.
Error ParseFeatures(const std::string& bytes, uint64_t header_length, Qcow2Header* header) {
  const uint64_t incompatible = BigEndian64(&bytes[72]);
  if (Error error = CheckFeatures(incompatible)) return error;
  header->extended_l2 = (incompatible & kExtendedL2) != 0;
  if (header->extended_l2 && header->cluster_bits < kMinExtendedClusterBits) {
    return Qcow2Error("has clusters too small for extended L2 entries");
  }
  const bool present = header_length > kCompressionAt && bytes.size() > kCompressionAt;
  const auto type = present ? static_cast<unsigned char>(bytes[kCompressionAt]) : 0U;
  const bool flagged = (incompatible & kCompressionType) != 0;
  if (type > 1 || flagged != (type == 1)) {
    return Qcow2Error("has an unknown compression type, " + std::to_string(type));
  }
  header->compression = type == 1 ? Compression::kZstd : Compression::kDeflate;
  return {};
}

Error CheckL1(const ByteReader& file, const Qcow2Header& header, uint64_t entries) {
  // One L1 entry covers so many bits of the disk's offset.
  const uint32_t span_bits = header.cluster_bits + header.l2_bits();
  const uint64_t needed =
      (header.size >> span_bits) + (header.size % (uint64_t{1} << span_bits) != 0 ? 1 : 0);
  if (needed > kMaxL1Bytes / sizeof(uint64_t)) return Qcow2Error("has an impossible disk size");
  if (entries < needed) return Qcow2Error("has an L1 table that is too short for its disk");
  if (header.l1_offset % header.cluster_size() != 0) return Qcow2Error("has a misaligned L1 table");
  if (header.l1_offset > file.size() || needed * sizeof(uint64_t) > file.size() - header.l1_offset) {
    return Qcow2Error("ends before its L1 table does: it is truncated");
  }
  return {};
}

// `bytes` is the first cluster, or what there is of it.
Error ParseExtensions(const std::string& bytes, size_t offset, Qcow2Header* header) {
  while (bytes.size() - offset >= 8) {
    const uint32_t type = BigEndian32(&bytes[offset]);
    const uint64_t length = BigEndian32(&bytes[offset + 4]);
    offset += 8;
    if (type == kEndOfExtensions) break;
    if (length > bytes.size() - offset) return Qcow2Error("has a header extension that is too long");
    if (type == kBackingFormat) header->backing_format = bytes.substr(offset, length);
    offset += std::min<uint64_t>((length + 7) / 8 * 8, bytes.size() - offset);
  }
  return {};
}

Error ParseBackingFile(const std::string& bytes, Qcow2Header* header) {
  const uint64_t offset = BigEndian64(&bytes[8]);
  const uint64_t length = BigEndian32(&bytes[16]);
  if (offset == 0 || length == 0) return {};
  if (length > kMaxBackingName || offset > bytes.size() || length > bytes.size() - offset) {
    return Qcow2Error("has the name of its backing file outside its first cluster");
  }
  header->backing_file = bytes.substr(offset, length);
  return {};
}

}  // namespace

Error Qcow2Error(const std::string& message) {
  return Error::Coded(kFormatUnsupported, "read", "the qcow2 image " + message);
}

Error ParseQcow2Header(const ByteReader& file, Qcow2Header* header) {
  std::string bytes;
  if (Error error = ReadPart(file, kLengthV2, &bytes)) return error;
  if (bytes.compare(0, sizeof kQcowMagic, kQcowMagic, sizeof kQcowMagic) != 0) {
    return Error::Coded(kFormatUnsupported, "read", "the file is not a qcow2 image");
  }
  if (bytes.size() < kLengthV2) return Qcow2Error("ends inside its header: it is truncated");
  header->version = BigEndian32(&bytes[4]);
  if (header->version != 2 && header->version != 3) {
    return Qcow2Error("has version " + std::to_string(header->version) + "; 2 and 3 can be read");
  }
  header->cluster_bits = BigEndian32(&bytes[20]);
  if (header->cluster_bits < kMinClusterBits || header->cluster_bits > kMaxClusterBits) {
    return Qcow2Error("has an impossible cluster size");
  }
  header->size = BigEndian64(&bytes[24]);
  if (BigEndian32(&bytes[32]) != 0) return Qcow2Error("is encrypted");
  header->l1_offset = BigEndian64(&bytes[40]);
  const uint64_t l1_entries = BigEndian32(&bytes[36]);

  // Extensions and the backing file's name are inside the first cluster.
  if (Error error = ReadPart(file, header->cluster_size(), &bytes)) return error;
  uint64_t header_length = kLengthV2;
  if (header->version == 3) {
    if (bytes.size() < kLengthV3) return Qcow2Error("ends inside its header: it is truncated");
    header_length = BigEndian32(&bytes[100]);
    if (header_length < kLengthV3 || header_length % 8 != 0 || header_length > bytes.size()) {
      return Qcow2Error("has an impossible header length");
    }
    if (Error error = ParseFeatures(bytes, header_length, header)) return error;
  }
  if (Error error = CheckL1(file, *header, l1_entries)) return error;
  if (Error error = ParseExtensions(bytes, header_length, header)) return error;
  return ParseBackingFile(bytes, header);
}

}  // namespace rbdkit::copy
