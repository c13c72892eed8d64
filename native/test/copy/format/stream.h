// These are streams in memory, and diffs made of them.
#ifndef RBDKIT_TEST_COPY_FORMAT_STREAM_H_
#define RBDKIT_TEST_COPY_FORMAT_STREAM_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "copy/format/diff_reader.h"
#include "copy/format/diff_writer.h"
#include "copy/format/format_stream.h"

namespace rbdkit::copy {

// A MemoryInput gives at most `piece` bytes at a time, as a pipe does.
class MemoryInput final : public ByteInput {
 public:
  explicit MemoryInput(std::string bytes, size_t piece = SIZE_MAX, bool leaps = true)
      : bytes_(std::move(bytes)), piece_(piece), leaps_(leaps) {}
  Error Read(char* buffer, size_t length, size_t* got) override {
    *got = std::min({length, piece_, bytes_.size() - position_});
    memcpy(buffer, bytes_.data() + position_, *got);
    position_ += *got;
    return {};
  }
  Error Leap(uint64_t length, uint64_t* leapt) override {
    *leapt = leaps_ ? std::min<uint64_t>(length, bytes_.size() - position_) : 0;
    position_ += *leapt;
    return {};
  }

 private:
  const std::string bytes_;
  const size_t piece_;
  const bool leaps_;
  size_t position_ = 0;
};

class MemoryOutput final : public ByteOutput {
 public:
  Error Write(const char* data, size_t length) override {
    bytes.append(data, length);
    return {};
  }
  std::string bytes;
};

struct MemoryRecord {
  uint64_t offset;
  uint64_t length;
  std::string data;  // empty: zeros
};

// A MemoryDiff is a whole diff in memory.
struct MemoryDiff {
  DiffHeader header;
  std::vector<MemoryRecord> records;

  std::string Bytes() const {
    MemoryOutput output;
    FormatWriter writer(output);
    WriteTo(writer);
    (void)writer.Flush();
    return output.bytes;
  }
  void WriteTo(FormatWriter& stream) const {
    DiffWriter writer(stream, header.version);
    (void)writer.Header(header);
    for (const MemoryRecord& record : records) {
      if (record.data.empty()) {
        (void)writer.Zero(record.offset, record.length);
      } else {
        (void)writer.BeginData(record.offset, record.length);
        (void)writer.Data(record.data.data(), record.data.size());
      }
    }
    (void)writer.End();
  }

  // Over() gives what the image reads as with this diff over it.
  std::string Over(std::string image) const {
    image.resize(header.size);
    for (const MemoryRecord& record : records) {
      image.replace(record.offset, record.length,
                    record.data.empty() ? std::string(record.length, '\0') : record.data);
    }
    return image;
  }
};

// ReadRecords() reads all of a diff whose header has been read.
inline Error ReadRecords(DiffStream& stream, MemoryDiff* diff) {
  diff->header = stream.header();
  for (;;) {
    DiffRecord record;
    if (Error error = stream.Next(&record)) return error;
    if (record.kind == DiffRecord::Kind::kEnd) return {};
    std::string data;
    // The data is read in parts, because a record may say that it has more than there is.
    for (uint64_t left = record.kind == DiffRecord::Kind::kData ? record.length : 0; left > 0;) {
      const size_t part = std::min<uint64_t>(left, 65536);
      data.resize(data.size() + part);
      if (Error error = stream.ReadData(data.data() + data.size() - part, part)) return error;
      left -= part;
    }
    diff->records.push_back({record.offset, record.length, std::move(data)});
  }
}

inline Error ReadDiff(const std::string& bytes, MemoryDiff* diff, size_t piece = SIZE_MAX) {
  MemoryInput input(bytes, piece);
  FormatReader reader(input, false);
  DiffReader stream(reader);
  if (Error error = stream.ReadHeader()) return error;
  return ReadRecords(stream, diff);
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_COPY_FORMAT_STREAM_H_
