// An ImageReader checks the header's records and the order of the diffs.
#include "copy/format/image_format.h"

#include "ceph/striping.h"
#include "disk/plain_name.h"

namespace rbdkit::copy {

namespace {

// These are the tags of records. A record's length follows each of them, except kEnd.
constexpr char kOrder = 'O';
constexpr char kFeatures = 'T';
constexpr char kStripeUnit = 'U';
constexpr char kStripeCount = 'C';
constexpr char kMetadata = 'M';
constexpr char kEnd = 'E';

constexpr uint64_t kMaxDiffs = 65536;
constexpr size_t kMaxKey = 4096;
constexpr size_t kMaxValue = 64 << 10;
constexpr size_t kMaxMetadata = 4 << 20;  // all of it
constexpr size_t kMaxKeys = 10000;
// An unknown record of the header that carries no more than this is skipped.
constexpr uint64_t kMaxUnknown = 1 << 20;

std::optional<uint64_t>* NumberOf(ImageHeader& header, uint8_t tag) {
  switch (tag) {
    case kOrder:
      return &header.order;
    case kFeatures:
      return &header.features;
    case kStripeUnit:
      return &header.stripe_unit;
    case kStripeCount:
      return &header.stripe_count;
    default:
      return nullptr;
  }
}

}  // namespace

Error ImageReader::ReadHeader() {
  if (Error error = reader_.Expect(kImageBanner, "an rbd image of version 2")) return error;
  for (;;) {
    const uint64_t position = reader_.position();
    uint8_t tag = 0;
    if (Error error = reader_.ReadU8(&tag)) return error;
    if (tag == kEnd) {
      const std::string obstacle = StripingObstacle(header_.stripe_unit, header_.stripe_count);
      if (!obstacle.empty()) return reader_.Malformed(position, obstacle);
      break;
    }
    uint64_t length = 0;
    if (Error error = reader_.ReadU64(&length)) return error;
    if (Error error = ReadRecord(tag, length, position)) return error;
  }
  if (Error error = reader_.Expect(kImageDiffsBanner, "the diffs of an rbd image")) return error;
  const uint64_t position = reader_.position();
  if (Error error = reader_.ReadU64(&diffs_)) return error;
  if (diffs_ > 0 && diffs_ <= kMaxDiffs) return {};
  return reader_.Malformed(position, "a number of diffs of " + std::to_string(diffs_));
}

Error ImageReader::ReadRecord(uint8_t tag, uint64_t length, uint64_t position) {
  if (tag == kMetadata) return ReadMetadata(length, position);
  std::optional<uint64_t>* number = NumberOf(header_, tag);
  if (number == nullptr) {
    if (length <= kMaxUnknown) return reader_.Skip(length);
    return reader_.Malformed(position, "an unknown record of " + std::to_string(length) + " bytes");
  }
  if (number->has_value()) return reader_.Malformed(position, "a property of the image twice");
  if (length != 8) return reader_.Malformed(position, "a property of " + std::to_string(length) + " bytes");
  return reader_.ReadU64(&number->emplace());
}

Error ImageReader::ReadMetadata(uint64_t length, uint64_t position) {
  if (header_.metadata.size() == kMaxKeys) {
    return reader_.Malformed(position, "more metadata than " + std::to_string(kMaxKeys) + " keys");
  }
  auto& [key, value] = header_.metadata.emplace_back();
  if (Error error = reader_.ReadString(kMaxKey, "a metadata key", &key)) return error;
  if (Error error = reader_.ReadString(kMaxValue, "a metadata value", &value)) return error;
  const size_t bytes = 8 + key.size() + value.size();
  if (bytes != length) return reader_.Malformed(position, "metadata whose lengths disagree");
  if (key.empty() || key.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
    return reader_.Malformed(position, "metadata with an empty key or a NUL byte");
  }
  // The entry itself counts: a key of one byte takes more than that in memory.
  metadata_bytes_ += bytes + sizeof(header_.metadata[0]);
  if (metadata_bytes_ <= kMaxMetadata) return {};
  return reader_.Malformed(position, "more metadata than " + std::to_string(kMaxMetadata) + " bytes");
}

Error ImageReader::NextDiff(DiffReader** diff) {
  *diff = nullptr;
  if (diff_) {
    DiffRecord record;
    do {
      if (Error error = diff_->Next(&record)) return error;
    } while (record.kind != DiffRecord::Kind::kEnd);
    diff_.reset();
  }
  if (next_diff_ == diffs_) return {};
  const bool last = ++next_diff_ == diffs_;
  const uint64_t position = reader_.position();
  diff_.emplace(reader_);
  if (Error error = diff_->ReadHeader()) return error;
  const DiffHeader& header = diff_->header();
  if (header.version != 2) return reader_.Malformed(position, "a diff of version 1");
  if (header.from != last_snapshot_) {
    return reader_.Malformed(position, "a diff that does not begin where the one before ends");
  }
  if (header.to.has_value() == last) {
    return reader_.Malformed(position,
                             last ? "a last diff with a to-snapshot" : "a diff without a to-snapshot");
  }
  if (header.to && !IsPlainName(*header.to)) {
    return reader_.Malformed(position, "a snapshot with '/' or '@' in its name");
  }
  last_snapshot_ = header.to;
  *diff = &*diff_;
  return {};
}

Error WriteImageHeader(FormatWriter& writer, const ImageHeader& header, uint64_t diffs) {
  RecordBytes bytes;
  const auto number = [&bytes](char tag, const std::optional<uint64_t>& value) {
    if (value) bytes.U8(static_cast<uint8_t>(tag)).U64(8).U64(*value);
  };
  if (Error error = writer.Write(kImageBanner)) return error;
  number(kOrder, header.order);
  number(kFeatures, header.features);
  number(kStripeUnit, header.stripe_unit);
  number(kStripeCount, header.stripe_count);
  for (const auto& [key, value] : header.metadata) {
    bytes.U8(kMetadata).U64(8 + key.size() + value.size()).Text(key).Text(value);
  }
  bytes.U8(kEnd);
  if (Error error = writer.Write(bytes.bytes())) return error;
  if (Error error = writer.Write(kImageDiffsBanner)) return error;
  return writer.Write(RecordBytes().U64(diffs).bytes());
}

}  // namespace rbdkit::copy
