// This file reads the arguments of jobs on rbd's diffs on the JavaScript thread: inspecting, merging,
// exporting and importing them. Each job runs on an executor's thread of its own.
#include "addon/diff.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "addon/stream_values.h"
#include "copy/format/diff_extents.h"
#include "copy/jobs/diff_jobs.h"
#include "copy/jobs/diff_transfer.h"
#include "core/call.h"
#include "core/value.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// A job's ioctx is the user's and lives as long as the job.
std::shared_ptr<IoCtx> OptionalIoCtx(Call& call, bool wanted) {
  if (wanted) return call.Handle<IoCtx>();
  call.Int64();
  return nullptr;
}

Value SummaryValue(const copy::DiffSummary& summary) {
  const copy::DiffHeader& header = summary.header;
  std::vector<Value::Field> fields = {{"version", header.version}};
  if (header.from) fields.emplace_back("fromSnapshot", *header.from);
  if (header.to) fields.emplace_back("toSnapshot", *header.to);
  if (header.is_protected) fields.emplace_back("isProtected", *header.is_protected);
  fields.emplace_back("size", Value::Number(header.size));
  fields.emplace_back("dataExtents", Value::Number(summary.data_extents));
  fields.emplace_back("dataBytes", Value::Number(summary.data_bytes));
  fields.emplace_back("zeroExtents", Value::Number(summary.zero_extents));
  fields.emplace_back("zeroBytes", Value::Number(summary.zero_bytes));
  fields.emplace_back("fileBytes", Value::Number(summary.file_bytes));
  fields.emplace_back("crc32c", summary.crc32c);
  return Value::Fields(std::move(fields));
}

// RunDiffJob() runs `job` on a thread of its own, because a pipe may take as long as it likes.
template <typename Job>
void RunDiffJob(Call& call, bool with_cluster, Job job) {
  Executor executor("rbdkit-diff", 1);
  call.Run(executor, [with_cluster, job = std::move(job)](Task& task) {
    if (with_cluster && !RbdLoaded(task)) return;
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
  RunDiffJob(call, false,
             [diff = ToStream(call.Object())](copy::StopSignal& stop, const auto& report,
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
  RunDiffJob(call, false,
             [diffs = std::move(diffs), merged = std::move(merged)](
                 copy::StopSignal& stop, const auto& report, copy::DiffSummary* summary) {
               std::vector<copy::StreamSpec> specs;
               for (const Stream& diff : diffs) specs.push_back(diff.spec);
               return copy::MergeDiffs(specs, merged.spec, stop, report, summary);
             });
}

// exportDiff(slot, { image, snapshot, from, wholeObjects, version }, ioctx, stream, maxMemory)
void ExportDiffOf(Call& call) {
  const Napi::Object object = call.Object();
  const auto text = [&object](const char* name) { return object.Get(name).As<Napi::String>().Utf8Value(); };
  copy::DiffExport what;
  what.image = text("image");
  what.snapshot = text("snapshot");
  what.changes = {text("from"), object.Get("wholeObjects").ToBoolean()};
  what.version = object.Get("version").As<Napi::Number>();
  std::shared_ptr<IoCtx> ioctx = call.Handle<IoCtx>();
  Stream to = ToStream(call.Object());
  copy::Options options;
  options.max_memory = call.Uint64();
  RunDiffJob(call, true, [=](copy::StopSignal& stop, const auto& report, copy::DiffSummary* summary) {
    return copy::ExportDiff(ioctx->ioctx(), what, to.spec, options, stop, report, summary);
  });
}

// importDiff(slot, stream, { image or file, allowShrink }, ioctx, maxMemory)
void ImportDiff(Call& call) {
  Stream from = ToStream(call.Object());
  const Napi::Object object = call.Object();
  copy::DiffTarget target;
  const bool image = object.Get("image").IsString();
  (image ? target.image : target.file) = object.Get(image ? "image" : "file").As<Napi::String>();
  target.allow_shrink = object.Get("allowShrink").ToBoolean();
  std::shared_ptr<IoCtx> ioctx = OptionalIoCtx(call, image);
  copy::Options options;
  options.max_memory = call.Uint64();
  RunDiffJob(call, image, [=](copy::StopSignal& stop, const auto& report, copy::DiffSummary* summary) {
    copy::DiffTarget to = target;
    if (ioctx) to.ioctx = ioctx->ioctx();
    return copy::ImportDiff(from.spec, to, options, stop, report, summary);
  });
}

constexpr size_t kExtentsAtOnce = 4096;

Value ExtentsValue(const copy::DiffCursor& cursor, const std::vector<copy::DiffRecord>& extents) {
  std::vector<double> numbers;  // three an extent
  numbers.reserve(3 * extents.size());
  for (const copy::DiffRecord& extent : extents) {
    numbers.push_back(static_cast<double>(extent.offset));
    numbers.push_back(static_cast<double>(extent.length));
    numbers.push_back(extent.kind == copy::DiffRecord::Kind::kData ? 1 : 0);
  }
  return Value::Fields({{"extents", Value::Numbers(std::move(numbers))},
                        {"more", extents.size() == kExtentsAtOnce},
                        {"position", Value::Number(cursor.position)},
                        {"version", cursor.version},
                        {"size", Value::Number(cursor.size)},
                        {"offset", Value::Number(cursor.offset)}});
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
    task.value = error ? ErrorValue(error) : ExtentsValue(cursor, extents);
  });
}

}  // namespace

void ExportDiff(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "inspectDiff", InspectDiff);
  ExportTask(env, exports, "mergeDiffs", MergeDiffs);
  ExportTask(env, exports, "exportDiff", ExportDiffOf);
  ExportTask(env, exports, "importDiff", ImportDiff);
  ExportTask(env, exports, "diffExtents", DiffExtents);
}

}  // namespace rbdkit
