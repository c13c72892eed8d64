// A diff is a source or a destination of the engine here.
#include "copy/jobs/diff_transfer.h"

#include <memory>

#include "copy/destination/diff.h"
#include "copy/destination/diff_file.h"
#include "copy/destination/diff_image.h"
#include "copy/format/diff_reader.h"
#include "copy/source/diff.h"

namespace rbdkit::copy {

namespace {

Error Run(Source& source, Destination& destination, Options options, StopSignal& stop, Meter::Report report) {
  Engine engine(source, destination, options);
  const StopSignal::Hook cancels(stop, [&engine] { engine.Cancel(); });
  Result result;
  return engine.Run(std::move(report), &result);
}

Error CheckWhole(InputFile& input) {
  FormatReader reader(input, false);
  DiffReader diff(reader);
  if (Error error = diff.ReadHeader()) return error;
  DiffRecord record;
  do {
    if (Error error = diff.Next(&record)) return error;
  } while (record.kind != DiffRecord::Kind::kEnd);
  return input.Rewind();
}

}  // namespace

Error ExportDiff(rados_ioctx_t ioctx, const DiffExport& what, const StreamSpec& to, Options options,
                 StopSignal& stop, Meter::Report report, DiffSummary* summary) {
  OutputFile file;
  if (Error error = file.Open(to, stop)) return At(Side::kDestination, std::move(error));
  FormatWriter writer(file.output());
  options.checksum = false;  // the stream's is what is told
  ImageSource source(ioctx, what.image, what.snapshot, what.changes);
  DiffDestination destination(
      writer, what.version, [&source](DiffHeader* header) { return source.DescribeDiff(header); }, stop);
  if (Error error = Run(source, destination, options, stop, std::move(report))) return error;
  *summary = destination.summary();
  summary->file_bytes = writer.position();
  summary->crc32c = writer.crc32c();
  if (Error error = file.Flush()) return At(Side::kDestination, std::move(error));
  if (Error error = file.Publish()) return At(Side::kDestination, std::move(error));
  return {};
}

Error ImportDiff(const StreamSpec& from, const DiffTarget& target, Options options, StopSignal& stop,
                 Meter::Report report, DiffSummary* summary) {
  InputFile file;
  if (Error error = file.Open(from, stop)) return At(Side::kSource, std::move(error));
  if (file.rewinds()) {
    if (Error error = CheckWhole(file)) return At(Side::kSource, std::move(error));
  }
  FormatReader reader(file, true);
  DiffReader diff(reader);
  if (Error error = diff.ReadHeader()) return At(Side::kSource, std::move(error));
  DiffSource source(diff, file, stop);
  std::unique_ptr<Destination> destination;
  if (target.image.empty()) {
    destination = std::make_unique<DiffFile>(target.file, diff.header(), target.allow_shrink, stop);
  } else {
    destination = std::make_unique<DiffImage>(target.ioctx, target.image, diff.header(), target.allow_shrink);
  }
  options.checksum = false;  // the stream's is what is told
  if (Error error = Run(source, *destination, options, stop, std::move(report))) return error;
  *summary = source.summary();
  summary->file_bytes = reader.position();
  summary->crc32c = reader.crc32c();
  return {};
}

}  // namespace rbdkit::copy
