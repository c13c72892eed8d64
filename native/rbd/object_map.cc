// This file rebuilds the object map of an image, and checks it. It runs on the cluster's executors.
#include "ceph/object_check.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

Value Objects(const copy::NamedObjects& objects) {
  std::vector<double> first(objects.first.begin(), objects.first.end());
  return Value::Fields(
      {{"count", Value::Number(objects.count)}, {"objects", Value::Numbers(std::move(first))}});
}

// (image, snapshot id or undefined)
void RbdObjectMapCheck(Call& call) {
  auto image = call.Handle<Image>();
  const uint64_t snapshot = call.OptionalUint64().value_or(LIBRADOS_SNAP_HEAD);
  call.Run(image, [image = image.get(), snapshot](Task& task) {
    copy::ObjectCheck check;
    const auto go_on = [&task](uint64_t done, uint64_t total) {
      return ReportProgress(done, total, &task) >= 0;
    };
    const copy::Error error =
        copy::CheckObjectMap(image->image(), image->ioctx()->ioctx(), snapshot, go_on, &check);
    task.result = error.result;
    if (error) {
      task.value =
          error.result == -EINVAL ? Value("the image has no object map") : Value("by " + error.syscall);
      return;
    }
    task.value = Value::Fields({{"valid", check.valid},
                                {"objects", Value::Number(check.objects)},
                                {"lost", Objects(check.lost)},
                                {"unlisted", Objects(check.unlisted)}});
  });
}

constexpr Binding rows[] = {
    RBD(rbd_rebuild_object_map, Image, Progress),
};

}  // namespace

void ExportObjectMap(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rbd_object_map_check", RbdObjectMapCheck, Length::kLong);
}

}  // namespace rbdkit
