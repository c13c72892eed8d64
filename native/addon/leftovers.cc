// What unfinished copies have left, for JavaScript.
#include "addon/leftovers.h"

#include <memory>
#include <string>
#include <vector>

#include "addon/copy_values.h"
#include "copy/file_leftovers.h"
#include "copy/image_leftovers.h"
#include "core/call.h"
#include "rados/ioctx.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

Napi::Value LeftoverValue(Napi::Env env, const copy::Leftover& leftover) {
  static constexpr const char* kinds[] = {"image", "file", "snapshot"};
  const copy::Record& record = leftover.record;
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", kinds[static_cast<size_t>(record.kind)]);
  object.Set("name", leftover.name);
  object.Set("target", record.target);
  object.Set("bytesDurable", static_cast<double>(record.mark.durable()));
  object.Set("bytesTotal", static_cast<double>(record.size));
  object.Set("whole", record.mark.confirmed);
  object.Set("inUse", leftover.in_use);
  object.Set("cleared", leftover.cleared);
  if (!leftover.error) return object;
  const auto error = ErrorValue(leftover.error)(env).As<Napi::Object>();
  error.Set("errno", leftover.error.result);
  object.Set("error", error);
  return object;
}

void Finish(Task& task, const copy::Error& error, const std::vector<copy::Leftover>& leftovers) {
  task.result = error.result;
  if (error) {
    task.value = ErrorValue(error);
    return;
  }
  task.value = [leftovers](Napi::Env env) -> Napi::Value {
    Napi::Array array = Napi::Array::New(env, leftovers.size());
    for (uint32_t i = 0; i < leftovers.size(); ++i) array[i] = LeftoverValue(env, leftovers[i]);
    return array;
  };
}

// imageLeftovers(slot, ioctx, clear). Removing large images takes long: a thread of its own, as a copy has.
void ImageLeftovers(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const bool clear = call.Bool();
  Executor executor("rbdkit-cleanup", 1);
  call.Run(executor, [ioctx, clear](Task& task) {
    if (!RbdLoaded(task)) return;
    copy::LongCall long_call;
    task.OnCancel([&long_call] { long_call.stop = true; });
    std::vector<copy::Leftover> leftovers;
    const copy::Error error = copy::ImageLeftovers(ioctx->ioctx(), clear, long_call, &leftovers);
    task.OnCancel(nullptr);
    Finish(task, error, leftovers);
  });
}

// fileLeftovers(slot, directory, clear)
void FileLeftovers(Call& call) {
  const std::string directory = call.String();
  const bool clear = call.Bool();
  Executor executor("rbdkit-cleanup", 1);
  call.Run(executor, [directory, clear](Task& task) {
    std::vector<copy::Leftover> leftovers;
    const copy::Error error = copy::FileLeftovers(directory, clear, &leftovers);
    Finish(task, error, leftovers);
  });
}

}  // namespace

void ExportLeftovers(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "imageLeftovers", ImageLeftovers);
  ExportTask(env, exports, "fileLeftovers", FileLeftovers);
}

}  // namespace rbdkit
