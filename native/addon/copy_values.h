// The jobs of native/copy/ share how their endpoints, limits, progress and errors come from and go to
// JavaScript. Arguments are read on the JavaScript thread; sources and values are made on the job's thread.
#ifndef RBDKIT_ADDON_COPY_VALUES_H_
#define RBDKIT_ADDON_COPY_VALUES_H_

#include <memory>
#include <string>
#include <vector>

#include "addon/stream_values.h"
#include "copy/destination/image.h"
#include "copy/endpoint.h"
#include "copy/engine/meter.h"
#include "core/call.h"
#include "core/value.h"
#include "disk/handover.h"
#include "disk/pace.h"
#include "rados/ioctx.h"

namespace rbdkit {

// An EndpointSpec is one endpoint as lib/copy/endpoints.ts describes it. Its ioctx lives as long as the job.
struct EndpointSpec {
  std::string file;
  // "raw", "qcow2", one that QEMU reads, or empty: raw unless it looks like something else
  std::string format;
  std::vector<std::string> backing_directories;
  std::shared_ptr<copy::UniqueFd> stream;
  std::shared_ptr<copy::Handover> handover;
  uint64_t size = copy::kUnknownSize;  // of what is handed over
  std::shared_ptr<IoCtx> ioctx;
  std::string image;
  std::string snapshot;
  bool deep = false;
  bool keep_parent = false;  // of a deep copy, as its metadata
  copy::Metadata metadata;
  copy::LayoutRequest layout;
  copy::Naming naming;
};

// NextEndpoint() takes two arguments. They are { file, format, backingDirectories }, { fd } or { handover,
// size } and anything, or { image, snapshot, layout } and the ioctx's handle. A source may also have { deep,
// keepParent, keys, values }, a destination { replace, force, resume }.
EndpointSpec NextEndpoint(Call& call);
// NextLimits() takes two arguments: bytes and operations per second.
copy::Limits NextLimits(Call& call);
// MakeSource() makes a source that can be read anywhere.
std::unique_ptr<copy::Source> MakeSource(const EndpointSpec& spec);

Value ProgressValue(const copy::Progress& progress);
Value ErrorValue(const copy::Error& error);
// ErrorFields() gives the properties of ErrorValue(), for an error that has further ones.
std::vector<Value::Field> ErrorFields(const copy::Error& error);

}  // namespace rbdkit

#endif  // RBDKIT_ADDON_COPY_VALUES_H_
