// This file sums up what an image has of its own: the objects that exist, or that changed since a snapshot.
// It runs on the cluster's executors.
#include <algorithm>
#include <cerrno>

#include "ceph/migration.h"
#include "core/call.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// One rbd_diff_iterate2() looks at so many objects. With fast diff they cost nothing, without it one request
// each, and between two calls the task can be cancelled.
constexpr uint64_t kFastWindow = 1 << 18;
constexpr uint64_t kSlowWindow = 1 << 8;

// ChooseWindow() sets the bytes of one rbd_diff_iterate2(). They are whole stripes, because fast diff of
// parts of an object was wrong before Ceph 16.2.8 (tracker 53784). It returns 0 or a negative errno.
int ChooseWindow(rbd_image_t image, uint64_t* bytes) {
  rbd_image_info_t info;
  uint64_t stripe_count = 0;
  uint64_t features = 0;
  uint64_t flags = 0;
  int r = Rbd().rbd_stat(image, &info, sizeof info);
  if (r >= 0) r = Rbd().rbd_get_stripe_count(image, &stripe_count);
  if (r >= 0) r = Rbd().rbd_get_features(image, &features);
  if (r >= 0) r = Rbd().rbd_get_flags(image, &flags);
  if (r < 0) return r;
  const bool fast = (features & RBD_FEATURE_FAST_DIFF) != 0 &&
                    (flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0;
  const uint64_t stripe = info.obj_size * std::max<uint64_t>(1, stripe_count);
  *bytes = stripe * std::max<uint64_t>(1, (fast ? kFastWindow : kSlowWindow) * info.obj_size / stripe);
  return 0;
}

// Sum() adds up the objects, each with its whole size. Blocks: an executor's thread.
int Sum(rbd_image_t image, const char* from_snapshot, Task* task, uint64_t* bytes) {
  uint64_t window = 0;
  uint64_t size = 0;
  int r = ChooseWindow(image, &window);
  if (r >= 0) r = Rbd().rbd_get_size(image, &size);
  const auto add = [](uint64_t /*offset*/, size_t length, int exists, void* sum) {
    if (exists != 0) *static_cast<uint64_t*>(sum) += length;
    return 0;
  };
  for (uint64_t at = 0; r >= 0 && at < size; at += window) {
    if (ReportProgress(at, size, task) < 0) return -ECANCELED;
    r = Rbd().rbd_diff_iterate2(image, from_snapshot, at, std::min(window, size - at), 0, 1, add, bytes);
  }
  return r;
}

void RbdDiffIterate2(Call& call) {
  auto image = call.Handle<Image>();
  const std::optional<std::string> from = call.OptionalString();
  call.Run(image, [image = image.get(), from](Task& task) {
    bool migrating = false;
    copy::Error error = copy::FindMigration(image->image(), image->ioctx()->ioctx(), &migrating);
    if (!error && migrating) error = copy::Migrating();
    if (error) {
      task.result = error.result;
      if (!error.message.empty()) task.value = Value(error.message);
      return;
    }
    uint64_t bytes = 0;
    task.result = Sum(image->image(), from ? from->c_str() : nullptr, &task, &bytes);
    if (task.result >= 0) task.value = Value::Number(bytes);
  });
}

}  // namespace

void ExportImageDiff(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_diff_iterate2", RbdDiffIterate2, Length::kLong);
}

}  // namespace rbdkit
