// A Qcow2Image is one qcow2 file: its map, and reading its compressed clusters. The engine's threads use it.
#ifndef RBDKIT_COPY_FORMAT_QCOW2_IMAGE_H_
#define RBDKIT_COPY_FORMAT_QCOW2_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "copy/format/qcow2_header.h"
#include "copy/format/qcow2_map.h"
#include "disk/byte_reader.h"
#include "disk/decompress.h"
#include "disk/error.h"

namespace rbdkit::copy {

class Qcow2Image {
 public:
  // `file` outlives the image.
  Qcow2Image(const ByteReader& file, Qcow2Header header);
  ~Qcow2Image();

  Qcow2Map& map() { return map_; }
  uint64_t size() const { return map_.header().size; }

  // ReadCompressed() reads from the compressed cluster that `mapping` says `offset` of the disk is in, at
  // most to its end. Any thread, several at once.
  Error ReadCompressed(const Mapping& mapping, uint64_t offset, size_t length, char* buffer);

 private:
  // A Workspace is what a thread needs to read a compressed cluster.
  struct Workspace;
  std::unique_ptr<Workspace> Take();

  const ByteReader& file_;
  Qcow2Map map_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;  // guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_QCOW2_IMAGE_H_
