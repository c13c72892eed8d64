// An ImageStreamSource is a stream of an image with its snapshots; each of its diffs is a layer. Its calls
// block, one thread at a time: the job's and the engine's.
#ifndef RBDKIT_COPY_SOURCE_IMAGE_STREAM_H_
#define RBDKIT_COPY_SOURCE_IMAGE_STREAM_H_

#include "copy/format/image_format.h"
#include "copy/format/image_summary.h"
#include "copy/source/diff.h"

namespace rbdkit::copy {

class ImageStreamSource final : public DiffSource {
 public:
  // `stream` is borrowed, and so is the summary, which layers are added to. `first` is the stream's first
  // diff.
  ImageStreamSource(ImageReader& stream, DiffReader& first, InputFile& file, Metadata metadata,
                    StopSignal& stop, ImageSummary* summary)
      : DiffSource(first, file, stop),
        stream_(stream),
        metadata_(std::move(metadata)),
        image_summary_(*summary) {}

  Metadata metadata() const override { return metadata_; }
  uint64_t layers() const override { return stream_.diffs(); }
  Error BeginLayer(uint64_t index) override;
  std::optional<SnapshotSpec> snapshot() const override;
  // total() takes what is to come, which is not known, to be as large as this layer.
  uint64_t total() const override { return before_ + size() * (layers() - index_); }
  Error Confirm() override;

 private:
  ImageReader& stream_;
  const Metadata metadata_;
  ImageSummary& image_summary_;
  uint64_t index_ = 0;
  uint64_t before_ = 0;  // the sizes of the layers before
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_IMAGE_STREAM_H_
