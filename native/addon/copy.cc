// The copy engine's way to JavaScript: endpoints from plain objects, progress, the result or what ended it.
#include "addon/copy.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "copy/engine.h"
#include "copy/file_destination.h"
#include "copy/file_source.h"
#include "copy/image_destination.h"
#include "copy/image_source.h"
#include "core/call.h"
#include "rados/ioctx.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// One endpoint as lib/copy/copy.ts describes it. The ioctx lives as long as the job.
struct EndpointSpec {
  std::string file;
  bool raw = false;
  std::shared_ptr<IoCtx> ioctx;
  std::string image;
  std::string snapshot;
  copy::ImageOptions layout;
};

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

// Two arguments: { file, raw } and anything, or { image, snapshot, layout } and the ioctx's handle.
EndpointSpec NextEndpoint(Call& call) {
  EndpointSpec spec;
  const Napi::Object object = call.Object();
  spec.file = OptionalString(object, "file");
  if (!spec.file.empty()) {
    spec.raw = object.Get("raw").ToBoolean();
    call.Int64();
    return spec;
  }
  spec.ioctx = call.Handle<IoCtx>();
  spec.image = OptionalString(object, "image");
  spec.snapshot = OptionalString(object, "snapshot");
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

std::unique_ptr<copy::Source> MakeSource(const EndpointSpec& spec) {
  if (!spec.ioctx) return std::make_unique<copy::FileSource>(spec.file, spec.raw);
  return std::make_unique<copy::ImageSource>(spec.ioctx->ioctx(), spec.image, spec.snapshot);
}

std::unique_ptr<copy::Destination> MakeDestination(const EndpointSpec& spec) {
  if (!spec.ioctx) return std::make_unique<copy::FileDestination>(spec.file);
  return std::make_unique<copy::ImageDestination>(spec.ioctx->ioctx(), spec.image, spec.layout);
}

ValueMaker ProgressValue(const copy::Progress& progress) {
  return [progress](Napi::Env env) -> Napi::Value {
    static constexpr const char* phases[] = {"prepare", "copy", "flush", "publish", "done"};
    Napi::Object object = Napi::Object::New(env);
    object.Set("phase", phases[static_cast<size_t>(progress.phase)]);
    object.Set("bytesDone", static_cast<double>(progress.bytes_done));
    object.Set("bytesTotal", static_cast<double>(progress.bytes_total));
    object.Set("bytesPerSecond", progress.bytes_per_second);
    object.Set("stalled", progress.stalled);
    return object;
  };
}

ValueMaker ResultValue(const copy::Result& result) {
  return [result](Napi::Env env) -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("bytes", static_cast<double>(result.bytes));
    object.Set("bytesRead", static_cast<double>(result.bytes_read));
    object.Set("bytesWritten", static_cast<double>(result.bytes_written));
    object.Set("seconds", result.seconds);
    object.Set("crc32c", result.crc32c);
    return object;
  };
}

ValueMaker ErrorValue(const copy::Error& error) {
  return [error](Napi::Env env) -> Napi::Value {
    static constexpr const char* sides[] = {"none", "source", "destination"};
    Napi::Object object = Napi::Object::New(env);
    object.Set("syscall", error.syscall);
    object.Set("code", error.code);
    object.Set("message", error.message);
    object.Set("side", sides[static_cast<size_t>(error.side)]);
    return object;
  };
}

void RunCopy(Task& task, const EndpointSpec& from, const EndpointSpec& to, copy::Options options) {
  if ((from.ioctx || to.ioctx) && !RbdLoaded(task)) return;
  const auto source = MakeSource(from);
  const auto destination = MakeDestination(to);
  copy::Engine engine(*source, *destination, options);
  task.OnCancel([&engine] { engine.Cancel(); });
  copy::Result result;
  const copy::Error error = engine.Run(
      [&task](const copy::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, &result);
  task.OnCancel(nullptr);
  task.result = error.result;
  task.value = error ? ErrorValue(error) : ResultValue(result);
}

// copy(slot, source, its ioctx, destination, its ioctx, maxMemory)
void Copy(Call& call) {
  EndpointSpec from = NextEndpoint(call);
  EndpointSpec to = NextEndpoint(call);
  copy::Options options;
  options.max_memory = call.Uint64();
  // A thread of its own: a copy takes hours, and the cluster's few are for short calls. It ends with the
  // copy.
  Executor executor("rbdkit-copy", 1);
  call.Run(executor, [from = std::move(from), to = std::move(to), options](Task& task) {
    RunCopy(task, from, to, options);
  });
}

}  // namespace

void ExportCopy(Napi::Env env, Napi::Object exports) { ExportTask(env, exports, "copy", Copy); }

}  // namespace rbdkit
