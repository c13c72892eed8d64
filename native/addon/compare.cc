// This file reads a comparison's arguments on the JavaScript thread and makes the value of its result. Each
// comparison runs on an executor's thread of its own, "rbdkit-compare".
#include "addon/compare.h"

#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "copy/verify/compare.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

Value SideValue(const copy::CompareResult& result, size_t side) {
  return Value::Fields({{"bytes", Value::Number(result.bytes[side])},
                        {"bytesRead", Value::Number(result.bytes_read[side])},
                        {"crc32c", result.crc32c[side]}});
}

Value ResultValue(const copy::CompareResult& result) {
  const copy::Differences& differences = result.differences;
  std::vector<Value> extents;
  for (const auto& range : differences.ranges) {
    extents.push_back(
        Value::Fields({{"offset", Value::Number(range.offset)}, {"length", Value::Number(range.length)}}));
  }
  return Value::Fields({{"a", SideValue(result, 0)},
                        {"b", SideValue(result, 1)},
                        {"extents", Value::List(std::move(extents))},
                        {"extentCount", Value::Number(differences.count)},
                        {"bytesDiffering", Value::Number(differences.bytes)},
                        {"restIsZero", result.rest_is_zero},
                        {"seconds", result.seconds}});
}

void RunCompare(Task& task, const EndpointSpec& a, const EndpointSpec& b, copy::CompareOptions options) {
  if ((a.ioctx || b.ioctx) && !RbdLoaded(task)) return;
  const auto source_a = MakeSource(a);
  const auto source_b = MakeSource(b);
  copy::Comparison comparison(*source_a, *source_b, options);
  task.OnCancel([&comparison] { comparison.Cancel(); });
  copy::CompareResult result;
  const copy::Error error = comparison.Run(
      [&task](const copy::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, &result);
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
  // A comparison has a thread of its own, which ends with it, as a copy has.
  Executor executor("rbdkit-compare", 1);
  call.Run(executor,
           [a = std::move(a), b = std::move(b), options](Task& task) { RunCompare(task, a, b, options); });
}

}  // namespace

void ExportCompare(Napi::Env env, Napi::Object exports) { ExportTask(env, exports, "compare", Compare); }

}  // namespace rbdkit
