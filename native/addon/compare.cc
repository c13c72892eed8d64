// The comparison's way to JavaScript.
#include "addon/compare.h"

#include <memory>
#include <utility>

#include "addon/copy_values.h"
#include "copy/compare.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

Napi::Object SideValue(Napi::Env env, const copy::CompareResult& result, size_t side) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("bytes", static_cast<double>(result.bytes[side]));
  object.Set("bytesRead", static_cast<double>(result.bytes_read[side]));
  object.Set("crc32c", result.crc32c[side]);
  return object;
}

ValueMaker ResultValue(std::shared_ptr<const copy::CompareResult> result) {
  return [result = std::move(result)](Napi::Env env) -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("a", SideValue(env, *result, 0));
    object.Set("b", SideValue(env, *result, 1));
    const copy::Differences& differences = result->differences;
    Napi::Array extents = Napi::Array::New(env, differences.ranges.size());
    uint32_t index = 0;
    for (const auto& range : differences.ranges) {
      Napi::Object extent = Napi::Object::New(env);
      extent.Set("offset", static_cast<double>(range.offset));
      extent.Set("length", static_cast<double>(range.length));
      extents.Set(index++, extent);
    }
    object.Set("extents", extents);
    object.Set("extentCount", static_cast<double>(differences.count));
    object.Set("bytesDiffering", static_cast<double>(differences.bytes));
    object.Set("restIsZero", result->rest_is_zero);
    object.Set("seconds", result->seconds);
    return object;
  };
}

void RunCompare(Task& task, const EndpointSpec& a, const EndpointSpec& b, copy::CompareOptions options) {
  if ((a.ioctx || b.ioctx) && !RbdLoaded(task)) return;
  const auto source_a = MakeSource(a);
  const auto source_b = MakeSource(b);
  copy::Comparison comparison(*source_a, *source_b, options);
  task.OnCancel([&comparison] { comparison.Cancel(); });
  const auto result = std::make_shared<copy::CompareResult>();
  const copy::Error error = comparison.Run(
      [&task](const copy::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, result.get());
  task.OnCancel(nullptr);
  task.result = error.result;
  task.value = error ? ErrorValue(error) : ResultValue(result);
}

// compare(slot, a, its ioctx, b, its ioctx, maxMemory, maxExtents, bandwidthLimit, iopsLimit)
void Compare(Call& call) {
  EndpointSpec a = NextEndpoint(call);
  EndpointSpec b = NextEndpoint(call);
  copy::CompareOptions options;
  options.max_memory = call.Uint64();
  options.max_ranges = call.Uint64();
  options.limits = NextLimits(call);
  // A thread of its own, which ends with the comparison, as a copy's.
  Executor executor("rbdkit-compare", 1);
  call.Run(executor,
           [a = std::move(a), b = std::move(b), options](Task& task) { RunCompare(task, a, b, options); });
}

}  // namespace

void ExportCompare(Napi::Env env, Napi::Object exports) { ExportTask(env, exports, "compare", Compare); }

}  // namespace rbdkit
