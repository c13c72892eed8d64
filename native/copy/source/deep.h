// A DeepSource is an RBD image with its snapshots, each of which is a layer. Its threads are those of
// ImageSource.
#ifndef RBDKIT_COPY_SOURCE_DEEP_H_
#define RBDKIT_COPY_SOURCE_DEEP_H_

#include <memory>
#include <string>
#include <vector>

#include "copy/endpoint.h"
#include "copy/source/image.h"

namespace rbdkit::copy {

// The last layer is the image as it is now, which is kept from changing from Open() on. With `snapshot` it is
// that one, and what is newer is left out. Snapshots that are not a user's are left out, too: of groups, of
// mirroring, in the trash. With `keep_parent` the image is a clone, and the layers are without what it has of
// its parent, which is the same in all of them.
class DeepSource final : public Source {
 public:
  // `ioctx` is borrowed and outlives this.
  DeepSource(rados_ioctx_t ioctx, const std::string& image, const std::string& snapshot, Metadata metadata,
             bool keep_parent)
      : ioctx_(ioctx),
        name_(image),
        keep_parent_(keep_parent),
        end_(ioctx, image, snapshot),
        metadata_(std::move(metadata)) {}

  Error Open() override;
  std::optional<Layout> layout() const override { return end_.layout(); }
  Metadata metadata() const override { return metadata_; }
  std::optional<Parent> parent() const override { return parent_; }
  uint64_t layers() const override { return layers_.size(); }
  Error BeginLayer(uint64_t index) override;
  std::optional<SnapshotSpec> snapshot() const override { return layers_[index_].snapshot; }
  uint64_t total() const override;
  std::string identity() const override;

  // DescribeDiff() is about the layer.
  Error DescribeDiff(DiffHeader* header) const { return layer().DescribeDiff(header); }
  uint64_t size() const override { return layer().size(); }
  bool reads_holes() const override { return layer().reads_holes(); }
  Error Next(uint64_t offset, Extent* extent) override { return layer().Next(offset, extent); }
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override {
    layer().Read(offset, length, buffer, done);
  }
  Error ReadError(int64_t result) const override { return layer().ReadError(result); }
  std::unique_ptr<Source> Reader() override { return layer().Whole(); }
  Error Confirm() override { return layer().Confirm(); }
  Error Close() override;

 private:
  struct Layer {
    std::optional<SnapshotSpec> snapshot;
    uint64_t size = 0;
  };
  Error FindParent();
  bool at_end() const { return index_ + 1 == layers_.size(); }
  ImageSource& layer() { return at_end() ? end_ : *earlier_; }
  const ImageSource& layer() const { return at_end() ? end_ : *earlier_; }

  const rados_ioctx_t ioctx_;
  const std::string name_;
  const bool keep_parent_;
  ImageSource end_;
  const Metadata metadata_;
  std::optional<Parent> parent_;
  std::vector<Layer> layers_;
  std::string identity_;
  uint64_t index_ = 0;
  std::unique_ptr<ImageSource> earlier_;  // the layer, unless it is the last
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_DEEP_H_
