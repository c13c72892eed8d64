// librbd's settings in force for an image, and where each comes from.
#include <cerrno>
#include <string>
#include <vector>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

struct Setting {
  std::string name;
  std::string value;
  rbd_config_source_t source;
};

void RbdConfigImageList(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    std::vector<rbd_config_option_t> list;
    int count = 128;
    do {
      list.resize(static_cast<size_t>(count));
      task.result = Rbd().rbd_config_image_list(image->image(), list.data(), &count);
    } while (task.result == -ERANGE);  // `count` is now what is needed
    if (task.result < 0) return;
    std::vector<Setting> settings;
    for (int i = 0; i < count; ++i) {
      const rbd_config_option_t& option = list[static_cast<size_t>(i)];
      settings.push_back({option.name, option.value, option.source});
    }
    Rbd().rbd_config_image_list_cleanup(list.data(), count);
    task.value = [settings](Napi::Env env) -> Napi::Value {
      static constexpr const char* sources[] = {"config", "pool", "image"};
      Napi::Array array = Napi::Array::New(env, settings.size());
      for (uint32_t i = 0; i < settings.size(); ++i) {
        Napi::Array entry = Napi::Array::New(env, 3);
        entry[0u] = Napi::String::New(env, settings[i].name);
        entry[1u] = Napi::String::New(env, settings[i].value);
        const auto source = static_cast<size_t>(settings[i].source);
        entry[2u] = Napi::String::New(env, source < 3 ? sources[source] : "config");
        array[i] = entry;
      }
      return array;
    };
  });
}

}  // namespace

void ExportConfig(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_config_image_list", RbdConfigImageList);
}

}  // namespace rbdkit
