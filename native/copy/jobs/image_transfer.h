// These jobs move whole images with their snapshots into streams of rbd's image format and out of them. Each
// blocks the thread that calls it.
#ifndef RBDKIT_COPY_JOBS_IMAGE_TRANSFER_H_
#define RBDKIT_COPY_JOBS_IMAGE_TRANSFER_H_

#include <rados/librados.h>

#include <string>

#include "copy/destination/image.h"
#include "copy/engine/engine.h"
#include "copy/format/image_summary.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

// Both jobs block. `stop` ends them early; `report` is called on other threads.

struct ImageExport {
  std::string image;
  ImageHeader header;
};
Error ExportImage(rados_ioctx_t ioctx, const ImageExport& what, const StreamSpec& to, Options options,
                  StopSignal& stop, const Meter::Report& report, ImageSummary* summary);

struct ImageImport {
  std::string image;     // nothing may have this name
  LayoutRequest layout;  // what is not given is as the stream says
  // `trust_metadata` takes over configuration among the metadata (conf_*), which changes how librbd and
  // whoever opens the image behave.
  bool trust_metadata = false;
};
// ImportImage() gives the image its name when all of it is there; of an image that is not whole nothing is
// left.
Error ImportImage(const StreamSpec& from, rados_ioctx_t ioctx, const ImageImport& what, Options options,
                  StopSignal& stop, const Meter::Report& report, ImageSummary* summary);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_JOBS_IMAGE_TRANSFER_H_
