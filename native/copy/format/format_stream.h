// What the readers and writers of rbd's formats share: exact reads that know where they are, little-endian
// numbers, and a CRC32C of all that passed.
#ifndef RBDKIT_COPY_FORMAT_FORMAT_STREAM_H_
#define RBDKIT_COPY_FORMAT_FORMAT_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "disk/byte_stream.h"

namespace rbdkit::copy {

// What no image reaches, and JavaScript's numbers can tell apart.
inline constexpr uint64_t kMaxImageSize = (uint64_t{1} << 53) - 1;

// Reads a stream that nobody vouches for. Its memory does not depend on what the stream says.
class FormatReader {
 public:
  // `input` is borrowed. `digest`: all bytes are read, also those that are skipped, and counted in crc32c().
  // `position` is where it stands, for errors.
  FormatReader(ByteInput& input, bool digest, uint64_t position = 0);

  // Exactly `length` bytes; the stream's end before that is an error.
  Error Read(void* data, size_t length);
  Error Skip(uint64_t length);
  Error ReadU8(uint8_t* value) { return Read(value, 1); }
  Error ReadU32(uint32_t* value);
  Error ReadU64(uint64_t* value);
  // Bytes that must come next; `what` is what they begin: "an rbd diff".
  Error Expect(std::string_view banner, const char* what);
  // A length of 32 bits and so many bytes, at most `max`. `what` names it in the error.
  Error ReadString(size_t max, const char* what, std::string* text);

  // The stream is not what it should be, at `position`.
  Error Malformed(uint64_t position, const std::string& what) const;
  Error Malformed(const std::string& what) const { return Malformed(position_, what); }
  uint64_t position() const { return position_; }
  uint32_t crc32c() const { return ~crc_; }

 private:
  Error ReadSome(char* data, size_t length, size_t* got);

  ByteInput& input_;
  const bool digest_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t position_;
  uint32_t crc_ = 0xffffffff;
};

// Gathers what is small, passes on what is large.
class FormatWriter {
 public:
  // `output` is borrowed.
  explicit FormatWriter(ByteOutput& output);

  Error Write(const void* data, size_t length);
  Error Write(std::string_view text) { return Write(text.data(), text.size()); }
  // Hands everything to the output.
  Error Flush();

  uint64_t position() const { return position_; }
  uint32_t crc32c() const { return ~crc_; }

 private:
  ByteOutput& output_;
  std::vector<char> buffer_;
  size_t filled_ = 0;
  uint64_t position_ = 0;
  uint32_t crc_ = 0xffffffff;
};

// A record's head before it is written.
class RecordBytes {
 public:
  RecordBytes& U8(uint8_t value) { return Number(value, 1); }
  RecordBytes& U32(uint32_t value) { return Number(value, 4); }
  RecordBytes& U64(uint64_t value) { return Number(value, 8); }
  RecordBytes& Text(std::string_view text) {
    U32(static_cast<uint32_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  RecordBytes& Number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_FORMAT_STREAM_H_
