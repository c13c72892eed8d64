#include "addon/copy_values.h"

#include <optional>

#include "addon/handover.h"
#include "copy/source/deep.h"
#include "copy/source/file.h"
#include "copy/source/image.h"
#include "copy/source/qcow2.h"
#include "copy/source/qemu.h"

namespace rbdkit {

namespace {

std::string OptionalString(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}

std::optional<uint64_t> OptionalNumber(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  bool lossless = false;
  if (value.IsBigInt()) return value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (value.IsNumber()) return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
  return std::nullopt;
}

std::vector<std::string> OptionalStrings(Napi::Object object, const char* name) {
  std::vector<std::string> strings;
  if (!object.Get(name).IsArray()) return strings;
  const auto array = object.Get(name).As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    strings.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  return strings;
}

}  // namespace

EndpointSpec NextEndpoint(Call& call) {
  EndpointSpec spec;
  const Napi::Object object = call.Object();
  spec.naming.replace = object.Get("replace").ToBoolean();
  spec.naming.force = object.Get("force").ToBoolean();
  spec.naming.resume = object.Get("resume").ToBoolean();
  spec.naming.may_lose = OptionalStrings(object, "mayLose");
  spec.file = OptionalString(object, "file");
  if (!spec.file.empty()) {
    spec.format = OptionalString(object, "format");
    spec.backing_directories = OptionalStrings(object, "backingDirectories");
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
    spec.size = OptionalNumber(object, "size").value_or(copy::kUnknownSize);
    call.Int64();
    return spec;
  }
  spec.ioctx = call.Handle<IoCtx>();
  spec.image = OptionalString(object, "image");
  spec.snapshot = OptionalString(object, "snapshot");
  spec.deep = object.Get("deep").ToBoolean();
  spec.keep_parent = object.Get("keepParent").ToBoolean();
  const std::vector<std::string> keys = OptionalStrings(object, "keys");
  const std::vector<std::string> values = OptionalStrings(object, "values");
  for (size_t i = 0; i < keys.size(); ++i) spec.metadata.emplace_back(keys[i], values.at(i));
  if (!object.Get("layout").IsObject()) return spec;
  const auto layout = object.Get("layout").As<Napi::Object>();
  spec.layout.order = OptionalNumber(layout, "order");
  spec.layout.features = OptionalNumber(layout, "features");
  spec.layout.stripe_unit = OptionalNumber(layout, "stripeUnit");
  spec.layout.stripe_count = OptionalNumber(layout, "stripeCount");
  const std::string data_pool = OptionalString(layout, "dataPool");
  if (!data_pool.empty()) spec.layout.data_pool = data_pool;
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
