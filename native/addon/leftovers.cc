// This file lists and clears for JavaScript what unfinished copies have left. Arguments are read on the
// JavaScript thread, and the work runs on an executor's thread of its own.
#include "addon/leftovers.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "copy/publish/file_leftovers.h"
#include "copy/publish/image_leftovers.h"
#include "core/call.h"
#include "core/value.h"
#include "rados/ioctx.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

Value LeftoverErrorValue(const copy::Error& error) {
  std::vector<Value::Field> fields = ErrorFields(error);
  fields.emplace_back("errno", error.result);
  return Value::Fields(std::move(fields));
}

Value LeftoverValue(const copy::Leftover& leftover) {
  static constexpr const char* kinds[] = {"image", "file", "snapshot"};
  const copy::Record& record = leftover.record;
  std::vector<Value::Field> fields = {{"kind", kinds[static_cast<size_t>(record.kind)]},
                                      {"name", leftover.name},
                                      {"target", record.target},
                                      {"bytesDurable", Value::Number(record.mark.durable())},
                                      {"bytesTotal", Value::Number(record.size)},
                                      {"whole", record.mark.confirmed},
                                      {"inUse", leftover.in_use},
                                      {"cleared", leftover.cleared}};
  if (leftover.error) fields.emplace_back("error", LeftoverErrorValue(leftover.error));
  return Value::Fields(std::move(fields));
}

void Finish(Task& task, const copy::Error& error, const std::vector<copy::Leftover>& leftovers) {
  task.result = error.result;
  if (error) {
    task.value = ErrorValue(error);
    return;
  }
  std::vector<Value> list;
  for (const copy::Leftover& leftover : leftovers) list.push_back(LeftoverValue(leftover));
  task.value = Value::List(std::move(list));
}

// imageLeftovers(slot, ioctx, clear) has a thread of its own, as a copy has, because removing large images
// takes long.
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
