// The load generator's way to JavaScript: options from a plain object, progress, the result or what ended it.
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
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

double Number(Napi::Object object, const char* name) {
  return object.Get(name).As<Napi::Number>().DoubleValue();
}

uint64_t Whole(Napi::Object object, const char* name) {
  return static_cast<uint64_t>(object.Get(name).As<Napi::Number>().Int64Value());
}

uint64_t Big(const Napi::Value& value) {
  bool lossless = false;
  return value.As<Napi::BigInt>().Uint64Value(&lossless);
}

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

// lib/bench/options.ts has checked the values.
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
  options.seed = Big(object.Get("seed"));
  return options;
}

// [[the image's handle, what tells it apart], ...]
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
    targets.push_back({image->image(), image->ioctx()->cluster().get(), Big(pair.Get(1u)), image});
  }
  return targets;
}

Napi::Object LatencyValue(Napi::Env env, const bench::Histogram& latency) {
  static const std::vector<double> percents = {1,  5,  10, 20, 30,   40,   50,    60,   70,
                                               80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99};
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", static_cast<double>(latency.count()));
  object.Set("min", static_cast<double>(latency.min()));
  object.Set("max", static_cast<double>(latency.max()));
  object.Set("mean", latency.mean());
  object.Set("stddev", latency.stddev());
  Napi::Array percentiles = Napi::Array::New(env);
  const std::vector<uint64_t> values = latency.Percentiles(percents);
  for (uint32_t i = 0; i < values.size() && latency.count() > 0; ++i) {
    Napi::Array pair = Napi::Array::New(env, 2);
    pair[0u] = Napi::Number::New(env, percents[i]);
    pair[1u] = Napi::Number::New(env, static_cast<double>(values[i]));
    percentiles[i] = pair;
  }
  object.Set("percentiles", percentiles);
  Napi::Array bins = Napi::Array::New(env);
  uint32_t used = 0;
  for (size_t i = 0; i < bench::Histogram::kBuckets; ++i) {
    if (latency.bucket(i) == 0) continue;
    Napi::Array pair = Napi::Array::New(env, 2);
    pair[0u] = Napi::Number::New(env, static_cast<double>(bench::Histogram::ValueOf(i)));
    pair[1u] = Napi::Number::New(env, static_cast<double>(latency.bucket(i)));
    bins[used++] = pair;
  }
  object.Set("bins", bins);
  return object;
}

Napi::Object CellValue(Napi::Env env, const bench::Cell& cell) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("ios", static_cast<double>(cell.ios));
  object.Set("bytes", static_cast<double>(cell.bytes));
  object.Set("mean", cell.mean);
  object.Set("p50", static_cast<double>(cell.p50));
  object.Set("p99", static_cast<double>(cell.p99));
  object.Set("max", static_cast<double>(cell.max));
  return object;
}

constexpr const char* kWayNames[] = {"read", "write", "trim", "sync"};

Napi::Value ResultObject(Napi::Env env, const bench::Result& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("elapsed", result.elapsed);
  object.Set("seconds", result.seconds);
  object.Set("userSeconds", result.usage.user_seconds);
  object.Set("systemSeconds", result.usage.system_seconds);
  object.Set("contextSwitches", static_cast<double>(result.usage.context_switches));
  object.Set("unstarted", static_cast<double>(result.unstarted));
  for (size_t way = 0; way < bench::kWays; ++way) {
    const bench::Tally& tally = result.ways[way];
    Napi::Object direction = Napi::Object::New(env);
    direction.Set("bytes", static_cast<double>(tally.bytes));
    direction.Set("shortIos", static_cast<double>(tally.short_ios));
    direction.Set("latency", LatencyValue(env, tally.latency));
    object.Set(kWayNames[way], direction);
  }
  Napi::Array rows = Napi::Array::New(env, result.rows.size());
  for (uint32_t i = 0; i < result.rows.size(); ++i) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("time", result.rows[i].time);
    row.Set("seconds", result.rows[i].seconds);
    for (size_t way = 0; way < bench::kWaySync; ++way) {
      row.Set(kWayNames[way], CellValue(env, result.rows[i].ways[way]));
    }
    rows[i] = row;
  }
  object.Set("rows", rows);
  return object;
}

ValueMaker ProgressValue(const bench::Progress& progress) {
  return [progress](Napi::Env env) -> Napi::Value {
    static constexpr const char* phases[] = {"prepare", "warmup", "run", "flush", "done"};
    Napi::Object object = Napi::Object::New(env);
    object.Set("phase", phases[static_cast<size_t>(progress.phase)]);
    object.Set("seconds", progress.seconds);
    object.Set("secondsTotal", progress.seconds_total);
    object.Set("operations", static_cast<double>(progress.operations));
    object.Set("bytes", static_cast<double>(progress.bytes));
    object.Set("iops", progress.iops);
    object.Set("bw_bytes", progress.bytes_per_second);
    Napi::Object latency = Napi::Object::New(env);
    latency.Set("mean", progress.latency.mean);
    latency.Set("p50", static_cast<double>(progress.latency.p50));
    latency.Set("p99", static_cast<double>(progress.latency.p99));
    latency.Set("max", static_cast<double>(progress.latency.max));
    object.Set("lat_ns", latency);
    object.Set("stalled", progress.stalled);
    return object;
  };
}

ValueMaker ErrorValue(const bench::Error& error) {
  return [error](Napi::Env env) -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("syscall", error.syscall);
    object.Set("message", error.message);
    object.Set("image", static_cast<double>(error.image));
    object.Set("verify", error.verify);
    return object;
  };
}

// An executor's thread.
void RunBench(Task& task, const bench::Options& options, std::vector<bench::Target> targets) {
  bench::Engine engine(options, std::move(targets));
  task.OnCancel([&engine] { engine.Cancel(); });
  auto result = std::make_shared<bench::Result>();
  const bench::Error error = engine.Run(
      [&task](const bench::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, result.get());
  task.OnCancel(nullptr);
  task.result = error.result;
  if (error) {
    task.value = ErrorValue(error);
  } else {
    task.value = [result](Napi::Env env) { return ResultObject(env, *result); };
  }
}

// bench(slot, images, options)
void Bench(Call& call) {
  std::vector<bench::Target> targets = ToTargets(call);
  const bench::Options options = ToOptions(call.Object());
  // A thread of its own: a run takes minutes, and the cluster's few are for short calls. It ends with the
  // run.
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
    if (task.result >= 0) task.value = NumberValue(share);
  });
}

}  // namespace

void ExportBench(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "bench", Bench);
  ExportTask(env, exports, "benchAllocation", BenchAllocation, Length::kLong);
}

}  // namespace rbdkit
