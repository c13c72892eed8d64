// This file reads a benchmark's options on the JavaScript thread and makes the values of its progress and
// result. Each run has an executor's thread of its own, "rbdkit-bench".
#include "addon/bench.h"

#include <chrono>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "bench/allocation.h"
#include "bench/engine.h"
#include "core/call.h"
#include "core/read.h"
#include "core/value.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

double Number(Napi::Object object, const char* name) {
  return object.Get(name).As<Napi::Number>().DoubleValue();
}

uint64_t Whole(Napi::Object object, const char* name) { return ToUint64(object.Get(name)); }

std::chrono::nanoseconds Duration(Napi::Object object, const char* name) {
  return std::chrono::nanoseconds(static_cast<int64_t>(Number(object, name) * 1e9));
}

bench::PatternOptions ToPattern(Napi::Object object, uint32_t depth) {
  bench::PatternOptions pattern;
  pattern.order = static_cast<bench::Order>(Whole(object, "order"));
  pattern.distribution = static_cast<bench::Distribution>(Whole(object, "distribution"));
  pattern.theta = Number(object, "theta");
  pattern.hot_part = Number(object, "hotPart");
  pattern.hot_share = Number(object, "hotShare");
  pattern.streams = depth;
  pattern.sizes.clear();
  const auto sizes = object.Get("sizes").As<Napi::Array>();
  for (uint32_t i = 0; i < sizes.Length(); ++i) {
    const auto size = sizes.Get(i).As<Napi::Object>();
    pattern.sizes.push_back({static_cast<uint32_t>(Whole(size, "bytes")), Number(size, "weight")});
  }
  return pattern;
}

// The values come from lib/bench/options.ts, which has checked them.
bench::Options ToOptions(Napi::Object object) {
  bench::Options options;
  options.kind = static_cast<bench::Kind>(Whole(object, "kind"));
  options.read_share = Number(object, "readShare");
  options.depth = static_cast<uint32_t>(Whole(object, "depth"));
  options.pattern = ToPattern(object, options.depth);
  options.rate = Number(object, "rate");
  options.warmup = Duration(object, "warmup");
  options.runtime = Duration(object, "runtime");
  options.bytes = Whole(object, "bytes");
  options.flush_every = static_cast<uint32_t>(Whole(object, "flushEvery"));
  options.compressible = Number(object, "compressible");
  options.verify = object.Get("verify").ToBoolean();
  options.seed = Whole(object, "seed");
  return options;
}

// ToTargets() reads [[the image's handle, what tells it apart], ...].
std::vector<bench::Target> ToTargets(Call& call) {
  std::vector<bench::Target> targets;
  const auto list = call.Object().As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto pair = list.Get(i).As<Napi::Array>();
    const auto& handle = call.environment().handles().Get(pair.Get(0u).As<Napi::Number>().Uint32Value());
    if (!handle || typeid(*handle) != typeid(Image)) {
      throw Napi::TypeError::New(call.env(), "rbdkit: stale handle");
    }
    const auto image = std::static_pointer_cast<Image>(handle);
    targets.push_back({image->image(), image->ioctx()->cluster().get(), ToUint64(pair.Get(1u)), image});
  }
  return targets;
}

Value LatencyValue(const bench::Histogram& latency) {
  static const std::vector<double> percents = {1,  5,  10, 20, 30,   40,   50,    60,   70,
                                               80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99};
  std::vector<Value> percentiles;
  const std::vector<uint64_t> values = latency.Percentiles(percents);
  for (size_t i = 0; i < values.size() && latency.count() > 0; ++i) {
    percentiles.push_back(Value::List({percents[i], Value::Number(values[i])}));
  }
  std::vector<Value> bins;
  for (size_t i = 0; i < bench::Histogram::kBuckets; ++i) {
    if (latency.bucket(i) == 0) continue;
    bins.push_back(
        Value::List({Value::Number(bench::Histogram::ValueOf(i)), Value::Number(latency.bucket(i))}));
  }
  return Value::Fields({{"count", Value::Number(latency.count())},
                        {"min", Value::Number(latency.min())},
                        {"max", Value::Number(latency.max())},
                        {"mean", latency.mean()},
                        {"stddev", latency.stddev()},
                        {"percentiles", Value::List(std::move(percentiles))},
                        {"bins", Value::List(std::move(bins))}});
}

Value CellValue(const bench::Cell& cell) {
  return Value::Fields({{"ios", Value::Number(cell.ios)},
                        {"bytes", Value::Number(cell.bytes)},
                        {"mean", cell.mean},
                        {"p50", Value::Number(cell.p50)},
                        {"p99", Value::Number(cell.p99)},
                        {"max", Value::Number(cell.max)}});
}

Value TallyValue(const bench::Tally& tally) {
  return Value::Fields({{"bytes", Value::Number(tally.bytes)},
                        {"shortIos", Value::Number(tally.short_ios)},
                        {"latency", LatencyValue(tally.latency)}});
}

constexpr const char* kWayNames[] = {"read", "write", "trim", "sync"};

Value RowValue(const bench::Row& row) {
  std::vector<Value::Field> fields = {{"time", row.time}, {"seconds", row.seconds}};
  for (size_t way = 0; way < bench::kWaySync; ++way) {
    fields.emplace_back(kWayNames[way], CellValue(row.ways[way]));
  }
  return Value::Fields(std::move(fields));
}

Value ResultValue(const bench::Result& result) {
  std::vector<Value::Field> fields = {{"elapsed", result.elapsed},
                                      {"seconds", result.seconds},
                                      {"userSeconds", result.usage.user_seconds},
                                      {"systemSeconds", result.usage.system_seconds},
                                      {"contextSwitches", Value::Number(result.usage.context_switches)},
                                      {"unstarted", Value::Number(result.unstarted)}};
  for (size_t way = 0; way < bench::kWays; ++way) {
    fields.emplace_back(kWayNames[way], TallyValue(result.ways[way]));
  }
  std::vector<Value> rows;
  for (const bench::Row& row : result.rows) rows.push_back(RowValue(row));
  fields.emplace_back("rows", Value::List(std::move(rows)));
  return Value::Fields(std::move(fields));
}

Value ProgressValue(const bench::Progress& progress) {
  static constexpr const char* phases[] = {"prepare", "warmup", "run", "flush", "done"};
  return Value::Fields({{"phase", phases[static_cast<size_t>(progress.phase)]},
                        {"seconds", progress.seconds},
                        {"secondsTotal", progress.seconds_total},
                        {"operations", Value::Number(progress.operations)},
                        {"bytes", Value::Number(progress.bytes)},
                        {"iops", progress.iops},
                        {"bw_bytes", progress.bytes_per_second},
                        {"lat_ns", Value::Fields({{"mean", progress.latency.mean},
                                                  {"p50", Value::Number(progress.latency.p50)},
                                                  {"p99", Value::Number(progress.latency.p99)},
                                                  {"max", Value::Number(progress.latency.max)}})},
                        {"stalled", progress.stalled}});
}

Value ErrorValue(const bench::Error& error) {
  return Value::Fields({{"syscall", error.syscall},
                        {"message", error.message},
                        {"image", Value::Number(error.image)},
                        {"verify", error.verify}});
}

// An executor's thread.
void RunBench(Task& task, const bench::Options& options, std::vector<bench::Target> targets) {
  bench::Engine engine(options, std::move(targets));
  task.OnCancel([&engine] { engine.Cancel(); });
  const auto result = std::make_unique<bench::Result>();  // 60 KiB: not for a stack
  const bench::Error error = engine.Run(
      [&task](const bench::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, result.get());
  task.OnCancel(nullptr);
  task.result = error.result;
  task.value = error ? ErrorValue(error) : ResultValue(*result);
}

// bench(slot, images, options)
void Bench(Call& call) {
  std::vector<bench::Target> targets = ToTargets(call);
  const bench::Options options = ToOptions(call.Object());
  // A run has a thread of its own, because it takes minutes and the cluster's few threads are for short
  // calls. The thread ends with the run.
  Executor executor("rbdkit-bench", 1);
  call.Run(executor, [options, targets = std::move(targets)](Task& task) mutable {
    RunBench(task, options, std::move(targets));
  });
}

// benchAllocation(slot, image) => the share of its objects that exist
void BenchAllocation(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    double share = 0;
    task.result = bench::Allocated(image->image(), image->ioctx()->ioctx(), &share);
    if (task.result >= 0) task.value = Value(share);
  });
}

}  // namespace

void ExportBench(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "bench", Bench);
  ExportTask(env, exports, "benchAllocation", BenchAllocation, Length::kLong);
}

}  // namespace rbdkit
