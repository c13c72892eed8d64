// A DiffReader checks every record against the header and the record before.
#include "copy/format/diff_reader.h"

#include <algorithm>

namespace rbdkit::copy {

namespace {

// An unknown record that carries no more than this is skipped.
constexpr uint64_t kMaxUnknown = 64 << 20;

bool IsMetadata(uint8_t tag) {
  return tag == kDiffFromSnapshot || tag == kDiffToSnapshot || tag == kDiffSize || tag == kDiffProtection;
}

bool IsKnown(uint8_t tag) {
  return IsMetadata(tag) || tag == kDiffData || tag == kDiffZero || tag == kDiffEnd;
}

std::string Show(uint8_t tag) {
  if (tag > 0x20 && tag < 0x7f) return std::string("'") + static_cast<char>(tag) + "'";
  return "of byte " + std::to_string(tag);
}

}  // namespace

Error DiffReader::ReadHeader() {
  static_assert(kDiffBannerV1.size() == kDiffBannerV2.size());
  const uint64_t start = reader_.position();
  std::string banner(kDiffBannerV1.size(), '\0');
  if (Error error = reader_.Read(banner.data(), banner.size())) return error;
  if (banner == kDiffBannerV2) {
    header_.version = 2;
  } else if (banner != kDiffBannerV1) {
    return reader_.Malformed(start, "not an rbd diff");
  }
  for (;;) {
    if (Error error = ReadTag()) return error;
    if (!IsMetadata(tag_)) break;
    if (Error error = ReadMetadata()) return error;
  }
  tag_read_ = true;
  return has_size_ ? Error() : reader_.Malformed(tag_position_, "no image size before the first record");
}

void DiffReader::Resume(int version, uint64_t size, uint64_t offset) {
  header_.version = version;
  header_.size = size;
  has_size_ = true;
  offset_ = offset;
}

// ReadTag() reads on to the next record's tag that is known.
Error DiffReader::ReadTag() {
  for (;;) {
    tag_position_ = reader_.position();
    if (Error error = reader_.ReadU8(&tag_)) return error;
    if (header_.version == 1) {
      // Without a length of its own nothing can be skipped.
      if (IsKnown(tag_) && tag_ != kDiffProtection) return {};
      return reader_.Malformed(tag_position_, "an unknown record " + Show(tag_));
    }
    if (tag_ == kDiffEnd) return {};
    if (Error error = reader_.ReadU64(&record_length_)) return error;
    if (IsKnown(tag_)) return {};
    if (Error error = SkipUnknown()) return error;
  }
}

Error DiffReader::SkipUnknown() {
  if (record_length_ <= kMaxUnknown) return reader_.Skip(record_length_);
  return reader_.Malformed(
      tag_position_, "an unknown record " + Show(tag_) + " of " + std::to_string(record_length_) + " bytes");
}

Error DiffReader::CheckLength(uint64_t wanted) {
  if (header_.version == 1 || record_length_ == wanted) return {};
  return reader_.Malformed(tag_position_, "a record " + Show(tag_) + " whose lengths disagree");
}

Error DiffReader::ReadName(const char* what, std::optional<std::string>* name) {
  if (name->has_value()) return reader_.Malformed(tag_position_, std::string(what) + " twice");
  name->emplace();
  if (Error error = reader_.ReadString(kMaxDiffSnapshotName, what, &name->value())) return error;
  if ((*name)->empty() || (*name)->find('\0') != std::string::npos) {
    return reader_.Malformed(tag_position_, std::string(what) + " that is empty or has a NUL byte");
  }
  return CheckLength(4 + (*name)->size());
}

Error DiffReader::ReadMetadata() {
  switch (tag_) {
    case kDiffFromSnapshot:
      return ReadName("a from-snapshot", &header_.from);
    case kDiffToSnapshot:
      return ReadName("a to-snapshot", &header_.to);
    case kDiffProtection: {
      if (header_.is_protected) return reader_.Malformed(tag_position_, "a protection twice");
      uint8_t value = 0;
      if (Error error = reader_.ReadU8(&value)) return error;
      header_.is_protected = value != 0;
      // Ceph 16 writes the length 8 before this one byte.
      return record_length_ == 8 ? Error() : CheckLength(1);
    }
    default:
      if (has_size_) return reader_.Malformed(tag_position_, "an image size twice");
      has_size_ = true;
      if (Error error = reader_.ReadU64(&header_.size)) return error;
      if (header_.size > kMaxImageSize) {
        return reader_.Malformed(tag_position_,
                                 "an image size of " + std::to_string(header_.size) + " bytes");
      }
      return CheckLength(8);
  }
}

Error DiffReader::Next(DiffRecord* record) {
  if (Error error = SkipData(data_left_)) return error;
  *record = {};
  if (ended_) return {};
  if (!tag_read_) {
    if (Error error = ReadTag()) return error;
  }
  tag_read_ = false;
  if (tag_ == kDiffEnd) {
    ended_ = true;
    return {};
  }
  if (IsMetadata(tag_)) {
    return reader_.Malformed(tag_position_, "a record " + Show(tag_) + " after the first data");
  }
  const bool data = tag_ == kDiffData;
  record->kind = data ? DiffRecord::Kind::kData : DiffRecord::Kind::kZero;
  if (Error error = reader_.ReadU64(&record->offset)) return error;
  if (Error error = reader_.ReadU64(&record->length)) return error;
  const std::string where = std::to_string(record->offset) + "+" + std::to_string(record->length);
  if (record->length == 0) return reader_.Malformed(tag_position_, "a record of no bytes " + where);
  if (record->length > header_.size || record->offset > header_.size - record->length) {
    return reader_.Malformed(tag_position_, "a record " + where + " beyond the image's " +
                                                std::to_string(header_.size) + " bytes");
  }
  if (record->offset < offset_) {
    return reader_.Malformed(tag_position_, "a record " + where + " before " + std::to_string(offset_) +
                                                ", where the last one ends");
  }
  if (Error error = CheckLength(16 + (data ? record->length : 0))) return error;
  offset_ = record->end();
  data_left_ = data ? record->length : 0;
  return {};
}

Error DiffReader::SkipData(uint64_t length) {
  const uint64_t part = std::min(length, data_left_);
  data_left_ -= part;
  return reader_.Skip(part);
}

Error DiffReader::ReadData(char* buffer, size_t length) {
  const size_t part = std::min<uint64_t>(length, data_left_);
  if (Error error = reader_.Read(buffer, part)) return error;
  data_left_ -= part;
  return {};
}

}  // namespace rbdkit::copy
