// A Qcow2Source is the disk in a qcow2 file, with those in its backing files where they are allowed. Read()
// blocks and decompresses on the engine's threads, the rest blocks on the job's.
#ifndef RBDKIT_COPY_SOURCE_QCOW2_H_
#define RBDKIT_COPY_SOURCE_QCOW2_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "copy/endpoint.h"
#include "copy/format/qcow2_image.h"
#include "disk/file_reader.h"

namespace rbdkit::copy {

// A Qcow2Source reads the active disk, not its internal snapshots. Read() decompresses on the engine's
// threads, all at once.
class Qcow2Source final : public Source {
 public:
  // Backing files are followed into `backing_directories` only; an image that has one is refused when there
  // are none.
  Qcow2Source(std::string path, std::vector<std::string> backing_directories);

  Error Open() override;
  uint64_t size() const override { return size_; }
  Error Next(uint64_t offset, Extent* extent) override;
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override;
  bool Rewind() override { return true; }
  // Confirm() tells that none of the files has been written to.
  Error Confirm() override;
  Error Close() override;

 private:
  // A Layer is a file of the chain.
  struct Layer {
    std::string path;
    FileReader file;
    std::unique_ptr<Qcow2Image> image;  // null: raw
    uint64_t size() const { return image ? image->size() : file.size(); }
  };
  // A Part says where a part of the disk comes from: one mapping of one layer, or no layer, which reads as
  // zeros.
  struct Part {
    Layer* layer = nullptr;
    Mapping mapping;
  };

  Error OpenLayers();
  Error OpenImage(Layer& layer, Qcow2Header* header);
  Error CheckBacking(const Qcow2Header& header) const;
  Error Resolve(uint64_t offset, bool planning, Part* part);
  Error ReadParts(uint64_t offset, size_t length, char* buffer);
  // Explain() says in which file the error is. When that file has changed, this is the reason, whatever was
  // found in it.
  Error Explain(const Layer& layer, Error error) const;

  const std::string path_;
  const std::vector<std::string> backing_directories_;
  std::vector<std::unique_ptr<Layer>> layers_;  // the active one first
  uint64_t size_ = 0;

  mutable std::mutex mutex_;
  Error read_error_;  // the first; guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_QCOW2_H_
