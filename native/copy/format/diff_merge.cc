// A MergedDiff reads both diffs as it goes.
#include "copy/format/diff_merge.h"

#include <algorithm>

namespace rbdkit::copy {

namespace {

std::string Name(const std::optional<std::string>& snapshot, const char* none) {
  return snapshot ? "snapshot '" + *snapshot + "'" : none;
}

// Cut() gives the first `length` bytes of `rest`, which begins after them then.
DiffRecord Cut(DiffRecord& rest, uint64_t length) {
  const DiffRecord piece{rest.kind, rest.offset, length};
  rest.offset += length;
  rest.length -= length;
  return piece;
}

}  // namespace

Error MergedDiff::ReadHeader() {
  if (Error error = first_.stream.ReadHeader()) return error;
  if (Error error = second_.stream.ReadHeader()) return error;
  const DiffHeader& first = first_.stream.header();
  const DiffHeader& second = second_.stream.header();
  // A diff without a from-snapshot says nothing of what lies under its gaps. What another diff has there
  // would come through, so two diffs without names do not follow each other either.
  if (!first.to || !second.from || *first.to != *second.from) {
    Error error(-EINVAL, "merge");
    error.message = "the diffs do not follow each other: one ends at " + Name(first.to, "no snapshot") +
                    ", the next begins at " + Name(second.from, "nothing");
    return error;
  }
  header_ = second;
  header_.from = first.from;
  header_.version = std::max(first.version, second.version);
  return {};
}

Error MergedDiff::Fill(Input& input) {
  if (input.ended || input.rest.length > 0) return {};
  if (Error error = input.stream.Next(&input.rest)) return error;
  input.ended = input.rest.kind == DiffRecord::Kind::kEnd;
  return {};
}

void MergedDiff::Emit(Input& input, uint64_t length, DiffRecord* record) {
  *record = Cut(input.rest, length);
  current_ = &input.stream;
  data_left_ = record->kind == DiffRecord::Kind::kData ? length : 0;
}

Error MergedDiff::Next(DiffRecord* record) {
  if (Error error = SkipData(data_left_)) return error;
  const uint64_t first_size = first_.stream.header().size;
  const uint64_t second_size = second_.stream.header().size;
  DiffRecord& first = first_.rest;
  DiffRecord& second = second_.rest;
  for (;;) {
    const bool first_ended = first_.ended;
    if (Error error = Fill(first_)) return error;
    // What the image grew by is zero, whatever it was before the image shrank.
    if (first_.ended && !first_ended && first_size < second_size) {
      first = {DiffRecord::Kind::kZero, first_size, second_size - first_size};
    }
    const bool second_ended = second_.ended;
    if (Error error = Fill(second_)) return error;
    // What the image shrank by is covered and does not come out.
    if (second_.ended && !second_ended) {
      second = {DiffRecord::Kind::kEnd, second_size, first_size - std::min(first_size, second_size)};
    }

    if (first.length > 0 && first.offset < second.offset) {
      Emit(first_, std::min(first.length, second.offset - first.offset), record);
      return {};
    }
    if (first.length > 0 && first.offset < second.end()) {
      const DiffRecord covered = Cut(first, std::min(first.length, second.end() - first.offset));
      if (covered.kind != DiffRecord::Kind::kData) continue;
      if (Error error = first_.stream.SkipData(covered.length)) return error;
    } else if (second.length == 0) {
      *record = {};
      return {};
    } else if (second.kind == DiffRecord::Kind::kEnd) {
      Cut(second, second.length);
    } else {
      Emit(second_, second.length, record);
      return {};
    }
  }
}

Error MergedDiff::ReadData(char* buffer, size_t length) {
  const size_t part = std::min<uint64_t>(length, data_left_);
  data_left_ -= part;
  return part == 0 ? Error() : current_->ReadData(buffer, part);
}

Error MergedDiff::SkipData(uint64_t length) {
  const uint64_t part = std::min(length, data_left_);
  data_left_ -= part;
  return part == 0 ? Error() : current_->SkipData(part);
}

}  // namespace rbdkit::copy
