// An ImageSummary tells what is in a stream of an image.
#ifndef RBDKIT_COPY_FORMAT_IMAGE_SUMMARY_H_
#define RBDKIT_COPY_FORMAT_IMAGE_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "copy/format/diff_format.h"
#include "copy/format/image_format.h"

namespace rbdkit::copy {

struct ImageSummary {
  ImageHeader header;
  std::vector<std::string> snapshots;
  std::vector<std::string> dropped;  // keys of metadata that were left out
  uint64_t size = 0;                 // of the image at its end
  uint64_t data_bytes = 0;
  uint64_t zero_bytes = 0;
  uint64_t file_bytes = 0;
  uint32_t crc32c = 0;  // of the stream's bytes

  void Add(const DiffSummary& layer) {
    if (layer.header.to) snapshots.push_back(*layer.header.to);
    size = layer.header.size;
    data_bytes += layer.data_bytes;
    zero_bytes += layer.zero_bytes;
  }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_IMAGE_SUMMARY_H_
