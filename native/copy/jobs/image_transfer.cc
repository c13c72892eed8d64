// The stream of an image is a source or a destination of the engine here.
#include "copy/jobs/image_transfer.h"

#include "copy/destination/image_stream.h"
#include "copy/source/deep.h"
#include "copy/source/image_stream.h"

namespace rbdkit::copy {

namespace {

// A user may ask for these features; librbd sets the rest from other options or while an image is in some
// state.
constexpr uint64_t kSettable = RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_EXCLUSIVE_LOCK |
                               RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN |
                               RBD_FEATURE_JOURNALING;

constexpr char kConfiguration[] = "conf_";

// CheckWhole() reads all of the stream but the data.
Error CheckWhole(InputFile& input) {
  FormatReader reader(input, false);
  ImageReader image(reader);
  if (Error error = image.ReadHeader()) return error;
  DiffReader* diff = nullptr;
  do {
    if (Error error = image.NextDiff(&diff)) return error;
  } while (diff != nullptr);
  return input.Rewind();
}

LayoutRequest RequestOf(const ImageHeader& header) {
  LayoutRequest request;
  request.order = header.order;
  request.stripe_unit = header.stripe_unit;
  request.stripe_count = header.stripe_count;
  if (header.features) request.features = *header.features & kSettable & ~RBD_FEATURE_STRIPINGV2;
  return request;
}

Metadata Trusted(const ImageHeader& header, bool all, ImageSummary* summary) {
  Metadata kept;
  for (const auto& entry : header.metadata) {
    if (all || entry.first.rfind(kConfiguration, 0) != 0) {
      kept.push_back(entry);
    } else {
      summary->dropped.push_back(entry.first);
    }
  }
  return kept;
}

}  // namespace

Error ExportImage(rados_ioctx_t ioctx, const ImageExport& what, const StreamSpec& to, Options options,
                  StopSignal& stop, const Meter::Report& report, ImageSummary* summary) {
  OutputFile file;
  if (Error error = file.Open(to, stop)) return At(Side::kDestination, std::move(error));
  summary->header = what.header;
  if (summary->header.features) *summary->header.features &= kSettable;
  FormatWriter writer(file.output());
  DeepSource source(ioctx, what.image, "", Metadata(), false);
  ImageStreamDestination destination(writer, file, source, stop, summary);
  options.checksum = false;  // the stream's is what is told
  Engine engine(source, destination, options);
  const StopSignal::Hook cancels(stop, [&engine] { engine.Cancel(); });
  Result result;
  return engine.Run(report, &result);
}

Error ImportImage(const StreamSpec& from, rados_ioctx_t ioctx, const ImageImport& what, Options options,
                  StopSignal& stop, const Meter::Report& report, ImageSummary* summary) {
  InputFile file;
  if (Error error = file.Open(from, stop)) return At(Side::kSource, std::move(error));
  if (file.rewinds()) {
    if (Error error = CheckWhole(file)) return At(Side::kSource, std::move(error));
  }
  FormatReader reader(file, true);
  ImageReader stream(reader);
  if (Error error = stream.ReadHeader()) return At(Side::kSource, std::move(error));
  summary->header = stream.header();
  DiffReader* diff = nullptr;
  if (Error error = stream.NextDiff(&diff)) return At(Side::kSource, std::move(error));

  ImageStreamSource source(stream, *diff, file, Trusted(stream.header(), what.trust_metadata, summary), stop,
                           summary);
  ImageDestination destination(ioctx, what.image, Completed(what.layout, RequestOf(stream.header())),
                               Naming());
  options.checksum = false;  // the stream's is what is told
  Engine engine(source, destination, options);
  const StopSignal::Hook cancels(stop, [&engine] { engine.Cancel(); });
  Result result;
  if (Error error = engine.Run(report, &result)) return error;
  summary->file_bytes = reader.position();
  summary->crc32c = reader.crc32c();
  return {};
}

}  // namespace rbdkit::copy
