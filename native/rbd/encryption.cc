// This file formats images for encryption by librbd, and loads what they are encrypted with. Passphrases are
// wiped when librbd has had them. It runs on the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

// The formats by their numbers. `kLuks`, either of the two, is a value of later headers.
constexpr int kLuks1 = RBD_ENCRYPTION_FORMAT_LUKS1;
constexpr int kLuks2 = RBD_ENCRYPTION_FORMAT_LUKS2;
constexpr int kLuks = 2;

int Format(Call& call) {
  const std::string name = call.String();
  return name == "luks1" ? kLuks1 : name == "luks2" ? kLuks2 : kLuks;
}

// Luks is what librbd is told of one format. Both formats have the same options, of two types.
struct Luks {
  explicit Luks(Call& call)
      : format(Format(call) == kLuks1 ? RBD_ENCRYPTION_FORMAT_LUKS1 : RBD_ENCRYPTION_FORMAT_LUKS2),
        algorithm(call.String() == "aes-128" ? RBD_ENCRYPTION_ALGORITHM_AES128
                                             : RBD_ENCRYPTION_ALGORITHM_AES256),
        passphrase(call) {}

  template <typename Options>
  Options As() const {
    return {algorithm, passphrase.bytes->data(), passphrase.bytes->size()};
  }

  rbd_encryption_format_t format;
  rbd_encryption_algorithm_t algorithm;
  Bytes<> passphrase;
};

// (image, format, algorithm, passphrase)
template <auto kFunction>
void WithLuks(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get(), luks = Luks(call)](Task& task) {
    const auto run = [&](auto options) {
      return (Rbd().*kFunction)(image->image(), luks.format, &options, sizeof(options));
    };
    task.result = luks.format == RBD_ENCRYPTION_FORMAT_LUKS1
                      ? run(luks.As<rbd_encryption_luks1_format_options_t>())
                      : run(luks.As<rbd_encryption_luks2_format_options_t>());
    image->size().Forget();  // the image is smaller by the header from now on
  });
}

// (image, [[format, passphrase], ...]), the image's own layer first.
void RbdEncryptionLoad2(Call& call) {
  auto image = call.Handle<Image>();
  const Napi::Array list = call.Array();
  std::vector<std::pair<int, Bytes<>>> layers;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Call layer(call, list.Get(i).As<Napi::Array>());
    const int format = Format(layer);
    layers.emplace_back(format, Bytes<>(layer));
  }
  call.Run(image, [image = image.get(), layers = std::move(layers)](Task& task) {
    if (!Has(task, Rbd().rbd_encryption_load2)) return;
    // librbd reads of the three formats' options those of the one that it is told, by their size.
    std::vector<rbd_encryption_luks1_format_options_t> luks1(layers.size());
    std::vector<rbd_encryption_luks2_format_options_t> luks2(layers.size());
    std::vector<rbd_encryption_luks_format_options_t> luks(layers.size());
    std::vector<rbd_encryption_spec_t> specs(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      const auto& [format, passphrase] = layers[i];
      const char* const bytes = passphrase.bytes->data();
      const size_t length = passphrase.bytes->size();
      luks1[i] = {RBD_ENCRYPTION_ALGORITHM_AES256, bytes, length};
      luks2[i] = {RBD_ENCRYPTION_ALGORITHM_AES256, bytes, length};
      luks[i] = {bytes, length};
      specs[i].format = static_cast<rbd_encryption_format_t>(format);
      if (format == kLuks1) {
        specs[i].opts = &luks1[i];
        specs[i].opts_size = sizeof luks1[i];
      } else if (format == kLuks2) {
        specs[i].opts = &luks2[i];
        specs[i].opts_size = sizeof luks2[i];
      } else {
        specs[i].opts = &luks[i];
        specs[i].opts_size = sizeof luks[i];
      }
    }
    task.result = Rbd().rbd_encryption_load2(image->image(), specs.data(), specs.size());
    image->size().Forget();
  });
}

}  // namespace

void ExportEncryption(Napi::Env env, Napi::Object exports) {
  // Deriving a key from a passphrase takes seconds by design.
  ExportTask(env, exports, "rbd_encryption_format", WithLuks<&RbdApi::rbd_encryption_format>, Length::kLong);
  ExportTask(env, exports, "rbd_encryption_load", WithLuks<&RbdApi::rbd_encryption_load>, Length::kLong);
  ExportTask(env, exports, "rbd_encryption_load2", RbdEncryptionLoad2, Length::kLong);
}

}  // namespace rbdkit
