// Readers and writers of rbd's formats buffer what is small.
#include "copy/format/format_stream.h"

#include <algorithm>
#include <cstring>

#include "disk/crc32c.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kBufferSize = 64 << 10;

uint64_t LittleEndian(const uint8_t* bytes, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i) value |= uint64_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

FormatReader::FormatReader(ByteInput& input, bool digest, uint64_t position)
    : input_(input), digest_(digest), buffer_(kBufferSize), position_(position) {}

Error FormatReader::ReadSome(char* data, size_t length, size_t* got) {
  if (begin_ == end_ && length >= buffer_.size()) {
    if (Error error = input_.Read(data, length, got)) return error;
  } else {
    if (begin_ == end_) {
      begin_ = end_ = 0;
      if (Error error = input_.Read(buffer_.data(), buffer_.size(), &end_)) return error;
    }
    *got = std::min(length, end_ - begin_);
    memcpy(data, buffer_.data() + begin_, *got);
    begin_ += *got;
  }
  if (digest_) crc_ = Crc32cUpdate(crc_, data, *got);
  position_ += *got;
  return {};
}

Error FormatReader::Read(void* data, size_t length) {
  char* to = static_cast<char*>(data);
  while (length > 0) {
    size_t got = 0;
    if (Error error = ReadSome(to, length, &got)) return error;
    if (got == 0) return Malformed("it ends too early");
    to += got;
    length -= got;
  }
  return {};
}

Error FormatReader::Skip(uint64_t length) {
  if (!digest_) {
    const uint64_t buffered = std::min<uint64_t>(length, end_ - begin_);
    begin_ += buffered;
    position_ += buffered;
    length -= buffered;
    if (length > 0) {
      uint64_t leapt = 0;
      if (Error error = input_.Leap(length, &leapt)) return error;
      position_ += leapt;
      length -= leapt;
    }
  }
  char scratch[16 << 10];
  while (length > 0) {
    const size_t part = std::min<uint64_t>(length, sizeof scratch);
    if (Error error = Read(scratch, part)) return error;
    length -= part;
  }
  return {};
}

Error FormatReader::ReadU32(uint32_t* value) {
  uint8_t bytes[4];
  if (Error error = Read(bytes, sizeof bytes)) return error;
  *value = static_cast<uint32_t>(LittleEndian(bytes, 4));
  return {};
}

Error FormatReader::ReadU64(uint64_t* value) {
  uint8_t bytes[8];
  if (Error error = Read(bytes, sizeof bytes)) return error;
  *value = LittleEndian(bytes, 8);
  return {};
}

Error FormatReader::Expect(std::string_view banner, const char* what) {
  std::string bytes(banner.size(), '\0');
  const uint64_t start = position_;
  if (Error error = Read(bytes.data(), bytes.size())) return error;
  return bytes == banner ? Error() : Malformed(start, std::string("not ") + what);
}

Error FormatReader::ReadString(size_t max, const char* what, std::string* text) {
  const uint64_t start = position_;
  uint32_t length = 0;
  if (Error error = ReadU32(&length)) return error;
  if (length > max) {
    return Malformed(start, std::string(what) + " of " + std::to_string(length) + " bytes, more than " +
                                std::to_string(max));
  }
  text->resize(length);
  return Read(text->data(), length);
}

Error FormatReader::Malformed(uint64_t position, const std::string& what) const {
  Error error = Error::Coded(kFormatUnsupported, "read", what + ", at byte " + std::to_string(position));
  error.object = input_.name();
  return error;
}

FormatWriter::FormatWriter(ByteOutput& output) : output_(output), buffer_(kBufferSize) {}

Error FormatWriter::Write(const void* data, size_t length) {
  crc_ = Crc32cUpdate(crc_, data, length);
  position_ += length;
  if (length > buffer_.size() - filled_) {
    if (Error error = Flush()) return error;
  }
  if (length >= buffer_.size()) return output_.Write(static_cast<const char*>(data), length);
  memcpy(buffer_.data() + filled_, data, length);
  filled_ += length;
  return {};
}

Error FormatWriter::Flush() {
  if (filled_ == 0) return {};
  const size_t length = filled_;
  filled_ = 0;
  return output_.Write(buffer_.data(), length);
}

}  // namespace rbdkit::copy
