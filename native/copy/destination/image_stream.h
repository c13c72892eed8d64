// An ImageStreamDestination writes an image with its snapshots to one stream; each layer is a diff. Its calls
// block, one thread at a time: the job's and the engine's.
#ifndef RBDKIT_COPY_DESTINATION_IMAGE_STREAM_H_
#define RBDKIT_COPY_DESTINATION_IMAGE_STREAM_H_

#include "copy/destination/diff.h"
#include "copy/format/image_summary.h"
#include "copy/source/deep.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

class ImageStreamDestination final : public DiffDestination {
 public:
  // All are borrowed. `writer` writes to `file`, which gets its name here. Layers are added to the summary.
  ImageStreamDestination(FormatWriter& writer, OutputFile& file, const DeepSource& source, StopSignal& stop,
                         ImageSummary* summary)
      : DiffDestination(
            writer, 2, [&source](DiffHeader* header) { return source.DescribeDiff(header); }, stop),
        writer_(writer),
        file_(file),
        source_(source),
        image_summary_(*summary) {}

  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  Error BeginLayer(uint64_t size) override;
  Error TakeSnapshot(const SnapshotSpec& /*snapshot*/) override { return {}; }
  // Before the first layer there is nothing.
  bool needs_zeros() const override { return over_another_; }
  Error Flush() override;
  Error Publish() override;

 private:
  FormatWriter& writer_;
  OutputFile& file_;
  const DeepSource& source_;
  ImageSummary& image_summary_;
  bool over_another_ = false;  // layer
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_IMAGE_STREAM_H_
