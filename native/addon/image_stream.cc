// This file reads the arguments of exports and imports of whole images on the JavaScript thread. Each job
// runs on an executor's thread of its own.
#include "addon/image_stream.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "addon/stream_values.h"
#include "copy/jobs/image_transfer.h"
#include "core/call.h"
#include "core/read.h"
#include "core/value.h"
#include "rados/ioctx.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

Value SummaryValue(const copy::ImageSummary& summary) {
  return Value::Fields({{"size", Value::Number(summary.size)},
                        {"snapshots", Value::Texts(summary.snapshots)},
                        {"droppedMetadata", Value::Texts(summary.dropped)},
                        {"dataBytes", Value::Number(summary.data_bytes)},
                        {"zeroBytes", Value::Number(summary.zero_bytes)},
                        {"fileBytes", Value::Number(summary.file_bytes)},
                        {"crc32c", summary.crc32c}});
}

// RunImageJob() runs `job` on a thread of its own. The ioctx lives as long as the job.
template <typename Job>
void RunImageJob(Call& call, Job job) {
  Executor executor("rbdkit-image", 1);
  call.Run(executor, [job = std::move(job)](Task& task) {
    if (!RbdLoaded(task)) return;
    copy::StopSignal stop;
    task.OnCancel([&stop] { stop.Stop(); });
    copy::ImageSummary summary;
    const copy::Meter::Report report = [&task](const copy::Progress& progress) {
      task.ReportValue(ProgressValue(progress));
    };
    const copy::Error error = job(stop, report, &summary);
    task.OnCancel(nullptr);
    task.result = error.result;
    task.value = error ? ErrorValue(error) : SummaryValue(summary);
  });
}

// exportImage(slot, { image, order, features, stripeUnit, stripeCount, keys, values }, ioctx, stream,
// maxMemory)
void ExportImage(Call& call) {
  const Napi::Object object = call.Object();
  copy::ImageExport what;
  what.image = object.Get("image").As<Napi::String>();
  what.header.order = ToUint64(object.Get("order"));
  what.header.features = ToUint64(object.Get("features"));
  what.header.stripe_unit = ToUint64(object.Get("stripeUnit"));
  what.header.stripe_count = ToUint64(object.Get("stripeCount"));
  const std::vector<std::string> keys = ToTexts(object.Get("keys"));
  const std::vector<std::string> values = ToTexts(object.Get("values"));
  for (size_t i = 0; i < keys.size(); ++i) what.header.metadata.emplace_back(keys[i], values.at(i));
  std::shared_ptr<IoCtx> ioctx = call.Handle<IoCtx>();
  Stream to = ToStream(call.Object());
  copy::Options options;
  options.max_memory = call.Uint64();
  RunImageJob(call, [=](copy::StopSignal& stop, const auto& report, copy::ImageSummary* summary) {
    return copy::ExportImage(ioctx->ioctx(), what, to.spec, options, stop, report, summary);
  });
}

// importImage(slot, stream, { image, layout }, ioctx, trustMetadata, maxMemory)
void ImportImage(Call& call) {
  Stream from = ToStream(call.Object());
  const EndpointSpec to = NextEndpoint(call);
  copy::ImageImport what{to.image, to.layout, call.Bool()};
  copy::Options options;
  options.max_memory = call.Uint64();
  RunImageJob(call,
              [=, ioctx = to.ioctx](copy::StopSignal& stop, const auto& report, copy::ImageSummary* summary) {
                return copy::ImportImage(from.spec, ioctx->ioctx(), what, options, stop, report, summary);
              });
}

}  // namespace

void ExportImageStream(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "exportImage", ExportImage);
  ExportTask(env, exports, "importImage", ImportImage);
}

}  // namespace rbdkit
