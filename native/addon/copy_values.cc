// This file makes sources of what JavaScript names, and JavaScript's values of progress and errors.
#include "addon/copy_values.h"

#include <optional>

#include "addon/handover.h"
#include "copy/source/deep.h"
#include "copy/source/file.h"
#include "copy/source/image.h"
#include "copy/source/qcow2.h"
#include "copy/source/qemu.h"
#include "core/read.h"
#include "rbd/image_options.h"

namespace rbdkit {

EndpointSpec NextEndpoint(Call& call) {
  EndpointSpec spec;
  const Napi::Object object = call.Object();
  spec.naming.replace = object.Get("replace").ToBoolean();
  spec.naming.force = object.Get("force").ToBoolean();
  spec.naming.resume = object.Get("resume").ToBoolean();
  spec.naming.may_lose = ToTexts(object.Get("mayLose"));
  spec.file = ToText(object.Get("file"));
  if (!spec.file.empty()) {
    spec.format = ToText(object.Get("format"));
    spec.backing_directories = ToTexts(object.Get("backingDirectories"));
    call.Int64();
    return spec;
  }
  if (object.Has("fd")) {
    spec.stream = ToStream(object).fd;
    call.Int64();
    return spec;
  }
  if (object.Has("handover")) {
    spec.handover = ToHandover(object.Get("handover"));
    spec.size = ToOptionalUint64(object.Get("size")).value_or(copy::kUnknownSize);
    call.Int64();
    return spec;
  }
  spec.ioctx = call.Handle<IoCtx>();
  spec.image = ToText(object.Get("image"));
  spec.snapshot = ToText(object.Get("snapshot"));
  spec.deep = object.Get("deep").ToBoolean();
  spec.keep_parent = object.Get("keepParent").ToBoolean();
  const std::vector<std::string> keys = ToTexts(object.Get("keys"));
  const std::vector<std::string> values = ToTexts(object.Get("values"));
  for (size_t i = 0; i < keys.size(); ++i) spec.metadata.emplace_back(keys[i], values.at(i));
  const Napi::Value layout = object.Get("layout");
  if (layout.IsObject()) spec.layout = ToLayoutRequest(layout.As<Napi::Object>());
  return spec;
}

copy::Limits NextLimits(Call& call) {
  copy::Limits limits;
  limits.bytes_per_second = call.Uint64();
  limits.operations_per_second = call.Uint64();
  return limits;
}

std::unique_ptr<copy::Source> MakeSource(const EndpointSpec& spec) {
  if (spec.format == "qcow2") {
    return std::make_unique<copy::Qcow2Source>(spec.file, spec.backing_directories);
  }
  if (!spec.ioctx && !spec.format.empty() && spec.format != "raw") {
    return std::make_unique<copy::QemuSource>(spec.file, spec.format);
  }
  if (!spec.ioctx) return std::make_unique<copy::FileSource>(spec.file, spec.format == "raw");
  if (spec.deep) {
    return std::make_unique<copy::DeepSource>(spec.ioctx->ioctx(), spec.image, spec.snapshot, spec.metadata,
                                              spec.keep_parent);
  }
  return std::make_unique<copy::ImageSource>(spec.ioctx->ioctx(), spec.image, spec.snapshot);
}

Value ProgressValue(const copy::Progress& progress) {
  static constexpr const char* phases[] = {"prepare", "copy",    "flush", "verify",
                                           "publish", "compare", "done"};
  return Value::Fields({{"phase", phases[static_cast<size_t>(progress.phase)]},
                        {"bytesDone", Value::Number(progress.bytes_done)},
                        {"bytesTotal", Value::Number(progress.bytes_total)},
                        {"bytesPerSecond", progress.bytes_per_second},
                        {"stalled", progress.stalled}});
}

Value ErrorValue(const copy::Error& error) { return Value::Fields(ErrorFields(error)); }

std::vector<Value::Field> ErrorFields(const copy::Error& error) {
  static constexpr const char* sides[] = {"none", "source", "destination"};
  return {{"syscall", error.syscall},
          {"code", error.code},
          {"message", error.message},
          {"side", sides[static_cast<size_t>(error.side)]},
          {"object", error.object}};
}

}  // namespace rbdkit
