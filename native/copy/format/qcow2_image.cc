// Each thread that reads a compressed cluster takes a workspace of its own.
#include "copy/format/qcow2_image.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace rbdkit::copy {

struct Qcow2Image::Workspace {
  explicit Workspace(Compression compression) : decompressor(compression) {}
  Decompressor decompressor;
  std::vector<char> in;
  std::vector<char> cluster;  // where only a part of it is asked for
};

Qcow2Image::Qcow2Image(const ByteReader& file, Qcow2Header header)
    : file_(file), map_(file, std::move(header)) {}

Qcow2Image::~Qcow2Image() = default;

Error Qcow2Image::ReadCompressed(const Mapping& mapping, uint64_t offset, size_t length, char* buffer) {
  const size_t size = map_.header().cluster_size();
  std::unique_ptr<Workspace> space = Take();
  space->in.resize(mapping.host_length);
  const int64_t n = file_.ReadAt(mapping.host, space->in.data(), space->in.size());
  if (n < 0) return Error(static_cast<int>(n), "pread");
  char* cluster = buffer;
  if (length != size) {
    space->cluster.resize(size);
    cluster = space->cluster.data();
  }
  if (!space->decompressor.Run(space->in.data(), static_cast<size_t>(n), cluster, size)) {
    return Qcow2Error("has a compressed cluster that does not decompress, at offset " +
                      std::to_string(mapping.host) + " of its file: it is damaged");
  }
  if (cluster != buffer) memcpy(buffer, cluster + offset % size, length);
  std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(space));
  return {};
}

std::unique_ptr<Qcow2Image::Workspace> Qcow2Image::Take() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> space = std::move(idle_.back());
      idle_.pop_back();
      return space;
    }
  }
  return std::make_unique<Workspace>(map_.header().compression);
}

}  // namespace rbdkit::copy
