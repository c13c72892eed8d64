// This file binds the metadata of an image: key and value pairs, configuration overrides (conf_*) among them.
// It runs on the cluster's executors.
#include <cerrno>
#include <utility>

#include "ceph/image_lists.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

void RbdMetadataList(Call& call) {
  auto image = call.Handle<Image>();
  const std::string after = call.String();
  const uint64_t most = call.Uint64();
  call.Run(image, [image = image.get(), after, most](Task& task) {
    copy::Metadata metadata;
    task.result = copy::ListMetadataAfter(image->image(), after, most, &metadata).result;
    if (task.result < 0) return;
    std::vector<Value> pairs;
    for (const auto& [key, value] : metadata) pairs.push_back(Value::List({key, value}));
    task.value = Value::List(std::move(pairs));
  });
}

constexpr Binding rows[] = {
    // The value is undefined when there is no such key.
    RBD(rbd_metadata_get, Image, Str, OutStr<4096>, NoneIf<ENOENT>),
    RBD(rbd_metadata_set, Image, Str, Str),
    RBD(rbd_metadata_remove, Image, Str),
};

}  // namespace

void ExportMetadata(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_metadata_list", RbdMetadataList);
}

}  // namespace rbdkit
