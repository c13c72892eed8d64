// Diffs are inspected and merged without the engine, on one thread.
#include "copy/jobs/diff_jobs.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "copy/format/diff_merge.h"
#include "copy/format/diff_reader.h"
#include "copy/format/diff_writer.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kBufferSize = 1 << 20;

// A DiffInput is a diff that is read from a file or descriptor.
struct DiffInput {
  InputFile file;
  std::unique_ptr<FormatReader> reader;
  std::unique_ptr<DiffReader> diff;

  Error Open(const StreamSpec& spec, StopSignal& stop, Meter& meter, bool digest) {
    const auto count = [&meter](uint64_t bytes) {
      meter.Add(bytes);
      meter.Touch();
    };
    if (Error error = file.Open(spec, stop, count)) return error;
    reader = std::make_unique<FormatReader>(file, digest);
    diff = std::make_unique<DiffReader>(*reader);
    return {};
  }
};

Error Inspect(const StreamSpec& spec, StopSignal& stop, Meter& meter, DiffSummary* summary) {
  DiffInput input;
  if (Error error = input.Open(spec, stop, meter, true)) return error;
  meter.SetTotal(input.file.length());
  meter.Enter(Phase::kCopy);
  if (Error error = input.diff->ReadHeader()) return error;
  summary->header = input.diff->header();
  DiffRecord record;
  do {
    if (Error error = input.diff->Next(&record)) return error;
    summary->Count(record);
  } while (record.kind != DiffRecord::Kind::kEnd);
  summary->file_bytes = input.reader->position();
  summary->crc32c = input.reader->crc32c();
  return input.file.Finish();
}

Error CopyData(DiffStream& from, uint64_t length, std::vector<char>& buffer, DiffWriter& to) {
  while (length > 0) {
    const size_t part = std::min<uint64_t>(length, buffer.size());
    if (Error error = from.ReadData(buffer.data(), part)) return error;
    if (Error error = to.Data(buffer.data(), part)) return error;
    length -= part;
  }
  return {};
}

Error CopyDiff(DiffStream& from, FormatWriter& stream, DiffSummary* summary) {
  summary->header = from.header();
  DiffWriter to(stream, from.header().version);
  if (Error error = to.Header(from.header())) return error;
  std::vector<char> buffer(kBufferSize);
  for (;;) {
    DiffRecord record;
    if (Error error = from.Next(&record)) return error;
    summary->Count(record);
    if (record.kind == DiffRecord::Kind::kEnd) break;
    if (record.kind == DiffRecord::Kind::kZero) {
      if (Error error = to.Zero(record.offset, record.length)) return error;
      continue;
    }
    if (Error error = to.BeginData(record.offset, record.length)) return error;
    if (Error error = CopyData(from, record.length, buffer, to)) return error;
  }
  if (Error error = to.End()) return error;
  return stream.Flush();
}

Error Merge(const std::vector<StreamSpec>& specs, const StreamSpec& merged, StopSignal& stop, Meter& meter,
            DiffSummary* summary) {
  std::deque<DiffInput> inputs;
  uint64_t total = 0;
  for (const StreamSpec& spec : specs) {
    DiffInput& input = inputs.emplace_back();
    if (Error error = input.Open(spec, stop, meter, false)) return error;
    total += input.file.length();
  }
  meter.SetTotal(total);
  OutputFile output;
  if (Error error = output.Open(merged, stop)) return error;
  // The first diff is merged with the second, the result with the third, and so on.
  std::deque<MergedDiff> merges;
  DiffStream* all = inputs.front().diff.get();
  for (size_t i = 1; i < inputs.size(); ++i) all = &merges.emplace_back(*all, *inputs[i].diff);
  if (Error error = all->ReadHeader()) return error;
  meter.Enter(Phase::kCopy);
  FormatWriter writer(output.output());
  if (Error error = CopyDiff(*all, writer, summary)) return error;
  summary->file_bytes = writer.position();
  summary->crc32c = writer.crc32c();
  for (DiffInput& input : inputs) {
    if (Error error = input.file.Finish()) return error;
  }
  meter.Enter(Phase::kFlush);
  if (Error error = output.Flush()) return error;
  if (stop.stopped()) return Error::Coded(kCancelled, "merge", "cancelled");
  meter.Enter(Phase::kPublish);
  return output.Publish();
}

}  // namespace

Error InspectDiff(const StreamSpec& diff, StopSignal& stop, Meter::Report report, DiffSummary* summary) {
  return Metered(std::move(report), kStalledAfter,
                 [&](Meter& meter) { return Inspect(diff, stop, meter, summary); });
}

Error MergeDiffs(const std::vector<StreamSpec>& diffs, const StreamSpec& merged, StopSignal& stop,
                 Meter::Report report, DiffSummary* summary) {
  return Metered(std::move(report), kStalledAfter,
                 [&](Meter& meter) { return Merge(diffs, merged, stop, meter, summary); });
}

}  // namespace rbdkit::copy
