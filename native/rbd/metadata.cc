// Metadata of an image: key and value pairs, configuration overrides (conf_*) among them.
#include <algorithm>
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

void RbdMetadataGet(Call& call) {
  auto image = call.Handle<Image>();
  const std::string key = call.String();
  call.Run(image, [image = image.get(), key](Task& task) {
    size_t length = 4096;
    std::string value;
    do {
      value.resize(length);
      task.result = Rbd().rbd_metadata_get(image->image(), key.c_str(), value.data(), &length);
    } while (task.result == -ERANGE);
    if (task.result == -ENOENT) {
      task.result = 0;  // no such key: undefined
      return;
    }
    if (task.result < 0) return;
    task.value = StringValue(value.c_str());
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

// Reads all pages: `start` is the last key of the page before.
void RbdMetadataList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    constexpr uint64_t kPage = 256;
    std::vector<std::pair<std::string, std::string>> entries;
    size_t keys_size = 16384;
    size_t values_size = 65536;
    for (;;) {
      std::string keys(keys_size, '\0');
      std::string values(values_size, '\0');
      const std::string start = entries.empty() ? "" : entries.back().first;
      size_t keys_length = keys_size;
      size_t values_length = values_size;
      const int r = Rbd().rbd_metadata_list(image->image(), start.c_str(), kPage, keys.data(), &keys_length,
                                            values.data(), &values_length);
      if (r == -ERANGE) {
        keys_size = std::max(keys_size, keys_length);
        values_size = std::max(values_size, values_length);
        continue;
      }
      if (r < 0) {
        task.result = r;
        return;
      }
      const auto page_keys = SplitNames(keys.data(), keys_length);
      const auto page_values = SplitNames(values.data(), values_length);
      for (size_t i = 0; i < page_keys.size() && i < page_values.size(); ++i) {
        entries.emplace_back(page_keys[i], page_values[i]);
      }
      if (page_keys.size() < kPage) break;
    }
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
