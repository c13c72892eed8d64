// Metadata of an image: key and value pairs, configuration overrides (conf_*) among them.
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

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

void RbdMetadataGet(Call& call) {
  auto image = call.Handle<Image>();
  const std::string key = call.String();
  call.Run(image, [image = image.get(), key](Task& task) {
    std::string value;
    const int r = GetMetadata(image->image(), key, &value);
    if (r == -ENOENT) return;  // no such key: undefined
    task.result = r;
    if (r >= 0) task.value = StringValue(std::move(value));
  });
}

void RbdMetadataSet(Call& call) {
  auto image = call.Handle<Image>();
  const std::string key = call.String();
  const std::string value = call.String();
  call.Run(image, [image = image.get(), key, value](Task& task) {
    task.result = Rbd().rbd_metadata_set(image->image(), key.c_str(), value.c_str());
  });
}

void RbdMetadataRemove(Call& call) {
  auto image = call.Handle<Image>();
  const std::string key = call.String();
  call.Run(image, [image = image.get(), key](Task& task) {
    task.result = Rbd().rbd_metadata_remove(image->image(), key.c_str());
  });
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
    task.value = [entries](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, entries.size());
      for (uint32_t i = 0; i < entries.size(); ++i) {
        Napi::Array pair = Napi::Array::New(env, 2);
        pair[0u] = Napi::String::New(env, entries[i].first);
        pair[1u] = Napi::String::New(env, entries[i].second);
        array[i] = pair;
      }
      return array;
    };
  });
}

}  // namespace

void ExportMetadata(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_metadata_get", RbdMetadataGet);
  ExportTask(env, exports, "rbd_metadata_set", RbdMetadataSet);
  ExportTask(env, exports, "rbd_metadata_remove", RbdMetadataRemove);
  ExportTask(env, exports, "rbd_metadata_list", RbdMetadataList);
}

}  // namespace rbdkit
