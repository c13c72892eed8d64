// Diffs in files and streams: what is done with them without a cluster.
#include "addon/diff.h"

#include <fcntl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "copy/diff_extents.h"
#include "copy/diff_jobs.h"
#include "core/call.h"

namespace rbdkit {

namespace {

// A stream as lib/copy/diff.ts names it, { file } or { fd }. A descriptor is our own from here on: the caller
// may close theirs.
struct Stream {
  copy::StreamSpec spec;
  std::shared_ptr<copy::UniqueFd> fd;
};

Stream ToStream(Napi::Object object) {
  Stream stream;
  const Napi::Value file = object.Get("file");
  if (file.IsString()) {
    stream.spec.file = file.As<Napi::String>();
    return stream;
  }
  const int fd = object.Get("fd").As<Napi::Number>();
  stream.fd = std::make_shared<copy::UniqueFd>(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  // One that is not open is for the job to say.
  stream.spec = {"fd " + std::to_string(fd), *stream.fd ? stream.fd->get() : fd};
  return stream;
}

ValueMaker SummaryValue(const copy::DiffSummary& summary) {
  return [summary](Napi::Env env) -> Napi::Value {
    const copy::DiffHeader& header = summary.header;
    Napi::Object object = Napi::Object::New(env);
    object.Set("version", header.version);
    if (header.from) object.Set("fromSnapshot", *header.from);
    if (header.to) object.Set("toSnapshot", *header.to);
    if (header.is_protected) object.Set("isProtected", *header.is_protected);
    object.Set("size", static_cast<double>(header.size));
    object.Set("dataExtents", static_cast<double>(summary.data_extents));
    object.Set("dataBytes", static_cast<double>(summary.data_bytes));
    object.Set("zeroExtents", static_cast<double>(summary.zero_extents));
    object.Set("zeroBytes", static_cast<double>(summary.zero_bytes));
    object.Set("fileBytes", static_cast<double>(summary.file_bytes));
    object.Set("crc32c", summary.crc32c);
    return object;
  };
}

// Runs `job` on a thread of its own: a pipe may take as long as it likes.
template <typename Job>
void RunDiffJob(Call& call, Job job) {
  Executor executor("rbdkit-diff", 1);
  call.Run(executor, [job = std::move(job)](Task& task) {
    copy::StopSignal stop;
    task.OnCancel([&stop] { stop.Stop(); });
    copy::DiffSummary summary;
    const auto report = [&task](const copy::Progress& progress) {
      task.ReportValue(ProgressValue(progress));
    };
    const copy::Error error = job(stop, report, &summary);
    task.OnCancel(nullptr);
    task.result = error.result;
    task.value = error ? ErrorValue(error) : SummaryValue(summary);
  });
}

// inspectDiff(slot, stream)
void InspectDiff(Call& call) {
  RunDiffJob(call, [diff = ToStream(call.Object())](copy::StopSignal& stop, const auto& report,
                                                    copy::DiffSummary* summary) {
    return copy::InspectDiff(diff.spec, stop, report, summary);
  });
}

// mergeDiffs(slot, { diffs: [stream, ...], merged: stream })
void MergeDiffs(Call& call) {
  const Napi::Object streams = call.Object();
  std::vector<Stream> diffs;
  const auto array = streams.Get("diffs").As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) diffs.push_back(ToStream(array.Get(i).As<Napi::Object>()));
  Stream merged = ToStream(streams.Get("merged").As<Napi::Object>());
  RunDiffJob(call, [diffs = std::move(diffs), merged = std::move(merged)](
                       copy::StopSignal& stop, const auto& report, copy::DiffSummary* summary) {
    std::vector<copy::StreamSpec> specs;
    for (const Stream& diff : diffs) specs.push_back(diff.spec);
    return copy::MergeDiffs(specs, merged.spec, stop, report, summary);
  });
}

constexpr size_t kExtentsAtOnce = 4096;

ValueMaker ExtentsValue(const copy::DiffCursor& cursor, std::vector<copy::DiffRecord> extents) {
  return [cursor, extents = std::move(extents)](Napi::Env env) -> Napi::Value {
    // Three numbers each: a typed array is one object, whatever its length.
    auto numbers = Napi::Float64Array::New(env, 3 * extents.size());
    for (size_t i = 0; i < extents.size(); ++i) {
      numbers[3 * i] = static_cast<double>(extents[i].offset);
      numbers[3 * i + 1] = static_cast<double>(extents[i].length);
      numbers[3 * i + 2] = extents[i].kind == copy::DiffRecord::Kind::kData ? 1 : 0;
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("extents", numbers);
    object.Set("more", extents.size() == kExtentsAtOnce);
    object.Set("position", static_cast<double>(cursor.position));
    object.Set("version", cursor.version);
    object.Set("size", static_cast<double>(cursor.size));
    object.Set("offset", static_cast<double>(cursor.offset));
    return object;
  };
}

// diffExtents(slot, file, position, version, size, offset): what it gave the last time, or zeros.
void DiffExtents(Call& call) {
  std::string file = call.String();
  copy::DiffCursor cursor;
  cursor.position = call.Uint64();
  cursor.version = static_cast<int>(call.Int64());
  cursor.size = call.Uint64();
  cursor.offset = call.Uint64();
  Executor executor("rbdkit-diff", 1);
  call.Run(executor, [file = std::move(file), cursor](Task& task) mutable {
    std::vector<copy::DiffRecord> extents;
    const copy::Error error = copy::ReadDiffExtents(file, kExtentsAtOnce, &cursor, &extents);
    task.result = error.result;
    task.value = error ? ErrorValue(error) : ExtentsValue(cursor, std::move(extents));
  });
}

}  // namespace

void ExportDiff(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "inspectDiff", InspectDiff);
  ExportTask(env, exports, "mergeDiffs", MergeDiffs);
  ExportTask(env, exports, "diffExtents", DiffExtents);
}

}  // namespace rbdkit
