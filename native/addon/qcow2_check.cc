// This file looks for the first compressed cluster of a qcow2 file's disk, because librbd's live migration
// reads such clusters wrongly. It runs on the cluster's executors.
#include "addon/qcow2_check.h"

#include <cerrno>
#include <optional>
#include <string>

#include "copy/format/qcow2_header.h"
#include "copy/format/qcow2_map.h"
#include "core/call.h"
#include "disk/file_reader.h"
#include "rados/ioctx.h"

namespace rbdkit {

namespace {

copy::Error FindCompressed(const std::string& path, const Task& task, std::optional<uint64_t>* found) {
  copy::FileReader file;
  if (copy::Error error = file.Open(path)) return error;
  copy::Qcow2Header header;
  if (copy::Error error = copy::ParseQcow2Header(file, &header)) return error;
  copy::Qcow2Map map(file, header);
  for (uint64_t at = 0; at < header.size;) {
    if (task.cancelled()) return copy::Error(-ECANCELED, "read");
    copy::Mapping mapping;
    if (copy::Error error = map.FindNext(at, &mapping)) return error;
    if (mapping.kind == copy::Mapping::Kind::kCompressed) {
      *found = at;
      break;
    }
    at += mapping.length;
  }
  return {};
}

// qcow2CompressedCluster(slot, ioctx, path)
void Qcow2CompressedCluster(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string path = call.String();
  call.Run(ioctx, [path](Task& task) {
    std::optional<uint64_t> found;
    const copy::Error error = FindCompressed(path, task, &found);
    // What the format's own errors have as an errno says nothing.
    task.result = error.code.empty() ? error.result : -EINVAL;
    if (!error.message.empty()) task.value = Value(error.message);
    if (found) task.value = Value::Number(*found);
  });
}

}  // namespace

void ExportQcow2Check(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "qcow2CompressedCluster", Qcow2CompressedCluster, Length::kLong);
}

}  // namespace rbdkit
