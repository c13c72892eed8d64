#include "copy/image_transfer.h"

#include <algorithm>

#include "copy/diff_destination.h"
#include "copy/image_source.h"
#include "copy/image_stream_source.h"

namespace rbdkit::copy {

namespace {

// What a user may ask for; the rest librbd sets from other options or while an image is in some state.
constexpr uint64_t kSettable = RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_EXCLUSIVE_LOCK |
                               RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN |
                               RBD_FEATURE_JOURNALING;

constexpr char kConfiguration[] = "conf_";

// One layer after another as one job: each has its share of the progress.
class Layers {
 public:
  Layers(uint64_t count, const Meter::Report& report) : count_(count), report_(report) {}

  Error Run(Source& source, Destination& destination, Options options, StopSignal& stop) {
    Engine engine(source, destination, options);
    const StopSignal::Hook cancels(stop, [&engine] { engine.Cancel(); });
    Result result;
    Error error = engine.Run(
        [this](const Progress& progress) {
          Progress all = progress;
          all.bytes_done = done_ + progress.bytes_done;
          all.bytes_total = done_ + progress.bytes_total * (count_ - index_);
          if (all.phase != Phase::kPrepare) all.phase = Phase::kCopy;
          report_(all);
        },
        &result);
    done_ += result.bytes;
    ++index_;
    return error;
  }
  void Finish() const {
    Progress all;
    all.phase = Phase::kDone;
    all.bytes_done = all.bytes_total = done_;
    report_(all);
  }

 private:
  const uint64_t count_;
  const Meter::Report& report_;
  uint64_t index_ = 0;
  uint64_t done_ = 0;
};

// Reads all of it but the data.
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

ImageOptions Layout(const ImageHeader& header, ImageOptions options) {
  const bool own_striping = options.stripe_unit || options.stripe_count || options.order;
  if (!own_striping && header.stripe_count.value_or(1) > 1) {
    options.stripe_unit = header.stripe_unit;
    options.stripe_count = header.stripe_count;
  }
  if (!options.order) options.order = header.order;
  if (!options.features && header.features) {
    options.features = *header.features & kSettable & ~RBD_FEATURE_STRIPINGV2;
  }
  return options;
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
  FormatWriter writer(file.output());
  summary->header = what.header;
  if (summary->header.features) *summary->header.features &= kSettable;
  const uint64_t count = what.snapshots.size() + 1;
  if (Error error = WriteImageHeader(writer, summary->header, count)) {
    return At(Side::kDestination, std::move(error));
  }
  Layers layers(count, report);
  std::string from;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string snapshot = i < what.snapshots.size() ? what.snapshots[i] : "";
    ImageSource source(ioctx, what.image, snapshot, Changes{from, false});
    DiffDestination destination(writer, 2, source, stop);
    if (Error error = layers.Run(source, destination, options, stop)) return error;
    summary->Add(destination.summary());
    from = snapshot;
  }
  summary->file_bytes = writer.position();
  summary->crc32c = writer.crc32c();
  if (Error error = file.Flush()) return At(Side::kDestination, std::move(error));
  if (stop.stopped()) return Error::Coded(kCancelled, "export", "cancelled");
  if (Error error = file.Publish()) return At(Side::kDestination, std::move(error));
  layers.Finish();
  return {};
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
  ImageDestination destination(ioctx, what.image, Layout(stream.header(), what.layout), Naming());
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
