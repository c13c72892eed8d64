// Metadata of an image: key and value pairs, configuration overrides (conf_*) among them.
#include <cerrno>
#include <cstring>
#include <utility>

#include "rbd/row.h"

namespace rbdkit {

namespace {

// 0 or a negative errno.
int GetMetadata(rbd_image_t image, const std::string& key, std::string* value) {
  size_t length = 4096;
  int r;
  do {
    value->resize(length);
    r = Rbd().rbd_metadata_get(image, key.c_str(), value->data(), &length);
  } while (r == -ERANGE);
  if (r >= 0) value->resize(strlen(value->c_str()));
  return r;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

// One page of pairs after the key `start`, appended to `entries`; how many, or a negative errno.
int ListPage(rbd_image_t image, const std::string& start, uint64_t max, Entries* entries) {
  size_t keys_size = 16384;
  size_t values_size = 65536;
  std::string keys;
  std::string values;
  int r;
  do {
    keys.assign(keys_size, '\0');
    values.assign(values_size, '\0');
    r = Rbd().rbd_metadata_list(image, start.c_str(), max, keys.data(), &keys_size, values.data(),
                                &values_size);
  } while (r == -ERANGE);
  if (r < 0) return r;
  const auto names = SplitNames(keys.data(), keys_size);
  auto texts = SplitNames(values.data(), values_size);
  // librbd copies a byte too many instead of ending each value with NUL: what follows it in its memory. When
  // that shows, the values are read one by one.
  if (texts.size() != names.size() || (values_size > 0 && values[values_size - 1] != '\0')) {
    texts.assign(names.size(), "");
    for (size_t i = 0; i < names.size(); ++i) {
      r = GetMetadata(image, names[i], &texts[i]);
      if (r < 0 && r != -ENOENT) return r;
    }
  }
  for (size_t i = 0; i < names.size(); ++i) entries->emplace_back(names[i], texts[i]);
  return static_cast<int>(names.size());
}

void RbdMetadataList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    constexpr int kPage = 256;
    Entries entries;
    int r;
    do {
      r = ListPage(image->image(), entries.empty() ? "" : entries.back().first, kPage, &entries);
      if (r < 0) {
        task.result = r;
        return;
      }
    } while (r == kPage);
    std::vector<Value> pairs;
    for (const auto& [key, value] : entries) pairs.push_back(Value::List({key, value}));
    task.value = Value::List(std::move(pairs));
  });
}

constexpr Binding rows[] = {
    // Undefined: there is no such key.
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
