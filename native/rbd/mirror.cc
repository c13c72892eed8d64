// This file binds the mirroring of an image to other clusters. It runs on the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

void RbdMirrorImageGetInfo(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    rbd_mirror_image_info_t info = {};
    task.result = Rbd().rbd_mirror_image_get_info(image->image(), &info, sizeof(info));
    if (task.result < 0) return;
    const std::string global_id = info.global_id == nullptr ? "" : info.global_id;
    const auto state = info.state;
    const bool primary = info.primary;
    Rbd().rbd_mirror_image_get_info_cleanup(&info);
    if (state == RBD_MIRROR_IMAGE_DISABLED) return;  // not mirrored: undefined
    rbd_mirror_image_mode_t mode = RBD_MIRROR_IMAGE_MODE_JOURNAL;
    task.result = Rbd().rbd_mirror_image_get_mode(image->image(), &mode);
    if (task.result < 0) {
      task.value = Value("by rbd_mirror_image_get_mode");
      return;
    }
    task.value = Value::Fields({{"globalId", global_id},
                                {"mode", mode == RBD_MIRROR_IMAGE_MODE_SNAPSHOT ? "snapshot" : "journal"},
                                {"state", state == RBD_MIRROR_IMAGE_DISABLING ? "disabling" : "enabled"},
                                {"primary", primary}});
  });
}

}  // namespace

void ExportMirror(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_mirror_image_get_info", RbdMirrorImageGetInfo);
}

}  // namespace rbdkit
