// The readers and writers of rbd's formats share these streams. They read exactly, know where they are, have
// little-endian numbers and keep a CRC32C of all that passed. One thread at a time; they may block.
#ifndef RBDKIT_COPY_FORMAT_FORMAT_STREAM_H_
#define RBDKIT_COPY_FORMAT_FORMAT_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "disk/byte_stream.h"

namespace rbdkit::copy {

// No image reaches this size, and JavaScript's numbers can tell apart all sizes up to it.
inline constexpr uint64_t kMaxImageSize = (uint64_t{1} << 53) - 1;

// A FormatReader reads a stream that nobody vouches for. Its memory does not depend on what the stream says.
class FormatReader {
 public:
  // `input` is borrowed. With `digest` all bytes are read, also those that are skipped, and counted in
  // crc32c(). `position` is where the input stands, for errors.
  FormatReader(ByteInput& input, bool digest, uint64_t position = 0);

  // Read() reads exactly `length` bytes; the stream's end before that is an error.
  Error Read(void* data, size_t length);
  Error Skip(uint64_t length);
  Error ReadU8(uint8_t* value) { return Read(value, 1); }
  Error ReadU32(uint32_t* value);
  Error ReadU64(uint64_t* value);
  // Expect() reads bytes that must come next; `what` names what they begin: "an rbd diff".
  Error Expect(std::string_view banner, const char* what);
  // ReadString() reads a length of 32 bits and so many bytes, at most `max`. `what` names the text in the
  // error.
  Error ReadString(size_t max, const char* what, std::string* text);

  // Malformed() is the error that the stream is not what it should be, at `position`.
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

// A FormatWriter gathers what is small and passes on what is large.
class FormatWriter {
 public:
  // `output` is borrowed.
  explicit FormatWriter(ByteOutput& output);

  Error Write(const void* data, size_t length);
  Error Write(std::string_view text) { return Write(text.data(), text.size()); }
  // Flush() hands everything to the output.
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

// RecordBytes is a record's head before it is written.
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
