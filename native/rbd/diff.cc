// This file tells where an image has data, or has changed since a snapshot, and sums up what it has of its
// own. It runs on the cluster's executors.
#include <algorithm>
#include <cerrno>

#include "ceph/image_lists.h"
#include "ceph/migration.h"
#include "disk/extent.h"
#include "rbd/row.h"

namespace rbdkit {

namespace {

// One rbd_diff_iterate2() looks at so many objects. With fast diff they cost nothing, without it one request
// each, and between two calls the task can be cancelled.
constexpr uint64_t kFastWindow = 1 << 18;
constexpr uint64_t kSlowWindow = 1 << 8;

// A Window is the bytes of one rbd_diff_iterate2(). They are whole stripes, because fast diff of parts of an
// object was wrong before Ceph 16.2.8 (tracker 53784).
struct Window {
  uint64_t stripe = 0;
  uint64_t bytes = 0;

  // Choose() returns 0 or a negative errno. Fast diff tells of whole objects only.
  int Choose(rbd_image_t image, bool whole_objects) {
    rbd_image_info_t info;
    uint64_t stripe_count = 0;
    uint64_t features = 0;
    uint64_t flags = 0;
    int r = Rbd().rbd_stat(image, &info, sizeof info);
    if (r >= 0) r = Rbd().rbd_get_stripe_count(image, &stripe_count);
    if (r >= 0) r = Rbd().rbd_get_features(image, &features);
    if (r >= 0) r = Rbd().rbd_get_flags(image, &flags);
    if (r < 0) return r;
    const bool fast = whole_objects && (features & RBD_FEATURE_FAST_DIFF) != 0 &&
                      (flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID)) == 0;
    stripe = info.obj_size * std::max<uint64_t>(1, stripe_count);
    bytes = stripe * std::max<uint64_t>(1, (fast ? kFastWindow : kSlowWindow) * info.obj_size / stripe);
    return 0;
  }
};

// Sum() adds up the objects, each with its whole size. Blocks: an executor's thread.
int Sum(rbd_image_t image, const char* from_snapshot, Task* task, uint64_t* bytes) {
  Window window;
  uint64_t size = 0;
  int r = window.Choose(image, true);
  if (r >= 0) r = Rbd().rbd_get_size(image, &size);
  const auto add = [](uint64_t /*offset*/, size_t length, int exists, void* sum) {
    if (exists != 0) *static_cast<uint64_t*>(sum) += length;
    return 0;
  };
  for (uint64_t at = 0; r >= 0 && at < size; at += window.bytes) {
    if (ReportProgress(at, size, task) < 0) return -ECANCELED;
    r = Rbd().rbd_diff_iterate2(image, from_snapshot, at, std::min(window.bytes, size - at), 0, 1, add,
                                bytes);
  }
  return r;
}

// AskMigration() fails the task for an image that must not be asked what it has. It tells whether it is well.
bool AskMigration(const Image& image, Task* task) {
  bool migrating = false;
  copy::Error error = copy::FindMigration(image.image(), image.ioctx()->ioctx(), &migrating);
  if (!error && migrating) error = copy::Migrating();
  if (!error) return true;
  task->result = error.result;
  if (!error.message.empty()) task->value = Value(error.message);
  return false;
}

void RbdDiffIterate2(Call& call) {
  auto image = call.Handle<Image>();
  const std::optional<std::string> from = call.OptionalString();
  call.Run(image, [image = image.get(), from](Task& task) {
    if (!AskMigration(*image, &task)) return;
    uint64_t bytes = 0;
    task.result = Sum(image->image(), from ? from->c_str() : nullptr, &task, &bytes);
    if (task.result >= 0) task.value = Value::Number(bytes);
  });
}

// A Request is one window of a diff: [begin, end) is what the whole diff has left.
struct Request {
  std::optional<std::string> from;
  std::optional<uint64_t> from_id;
  uint64_t begin = 0;
  uint64_t end = 0;
  bool with_parent = true;
  bool whole_objects = false;
};

// Name() finds the name of the snapshot that a diff begins at, because librbd before Ceph 18.2.5 is asked by
// names. It fails the task when that cannot be: what is not a user's has none.
bool Name(rbd_image_t image, Request* request, Task* task) {
  if (!request->from_id || Rbd().rbd_diff_iterate3 != nullptr) return true;
  rbd_snap_namespace_type_t type = RBD_SNAP_NAMESPACE_TYPE_USER;
  task->result = Rbd().rbd_snap_get_namespace_type(image, *request->from_id, &type);
  if (task->result < 0) return false;
  if (type != RBD_SNAP_NAMESPACE_TYPE_USER) return Has(*task, Rbd().rbd_diff_iterate3);
  std::string name;
  task->result = copy::SnapshotName(image, *request->from_id, &name).result;
  request->from = name;
  return task->result >= 0;
}

// What a callback of librbd adds to.
struct Found {
  Task* task = nullptr;
  std::vector<copy::Extent> extents;
};

int AddExtent(uint64_t offset, size_t length, int exists, void* found_by) {
  auto* found = static_cast<Found*>(found_by);
  const copy::Content content = exists != 0 ? copy::Content::kData : copy::Content::kHole;
  found->extents.push_back({offset, length, content});
  return found->task->cancelled() ? -ECANCELED : 0;
}

int Iterate(rbd_image_t image, const Request& request, uint64_t offset, uint64_t length, Found* found) {
  if (request.from_id && Rbd().rbd_diff_iterate3 != nullptr) {
    constexpr uint32_t kIncludeParent = 1;  // RBD_DIFF_ITERATE_FLAG_* of later headers
    constexpr uint32_t kWholeObject = 2;
    const uint32_t flags =
        (request.with_parent ? kIncludeParent : 0) | (request.whole_objects ? kWholeObject : 0);
    return Rbd().rbd_diff_iterate3(image, *request.from_id, offset, length, flags, AddExtent, found);
  }
  return Rbd().rbd_diff_iterate2(image, request.from ? request.from->c_str() : nullptr, offset, length,
                                 request.with_parent ? 1 : 0, request.whole_objects ? 1 : 0, AddExtent,
                                 found);
}

// Numbers() gives where the next window begins, and then each extent as its place, its length and whether it
// exists: in order, within [begin, end), those that touch as one.
std::vector<double> Numbers(std::vector<copy::Extent> extents, uint64_t begin, uint64_t end) {
  std::sort(extents.begin(), extents.end(),
            [](const copy::Extent& a, const copy::Extent& b) { return a.offset < b.offset; });
  std::vector<double> numbers{static_cast<double>(end)};
  for (const copy::Extent& extent : extents) {
    const uint64_t from = std::max(extent.offset, begin);
    const uint64_t to = std::min(extent.end(), end);
    if (from >= to) continue;
    const double exists = extent.content == copy::Content::kData ? 1 : 0;
    const size_t last = numbers.size() - 3;
    if (numbers.size() > 1 && numbers[last] + numbers[last + 1] == static_cast<double>(from) &&
        numbers[last + 2] == exists) {
      numbers[last + 1] += static_cast<double>(to - from);
    } else {
      numbers.insert(numbers.end(), {static_cast<double>(from), static_cast<double>(to - from), exists});
    }
  }
  return numbers;
}

// (image, from, from's id, begin, end, with parent, whole objects, whether it is the diff's first window)
void RbdDiffIterate3(Call& call) {
  auto image = call.Handle<Image>();
  Request request;
  request.from = call.OptionalString();
  request.from_id = call.OptionalUint64();
  request.begin = call.Uint64();
  request.end = call.Uint64();
  request.with_parent = call.Bool();
  request.whole_objects = call.Bool();
  const bool first = call.Bool();
  call.Run(image, [image = image.get(), request, first](Task& task) mutable {
    if (first && !AskMigration(*image, &task)) return;
    if (!Name(image->image(), &request, &task)) return;
    Window window;
    uint64_t size = 0;
    task.result = window.Choose(image->image(), request.whole_objects);
    if (task.result >= 0) task.result = Rbd().rbd_get_size(image->image(), &size);
    if (task.result < 0) return;
    const uint64_t end = std::min(request.end, size);
    if (request.begin >= end) {
      task.value = Value::Numbers({static_cast<double>(request.end)});
      return;
    }
    const uint64_t at = request.begin / window.stripe * window.stripe;
    const uint64_t length = std::min(window.bytes, size - at);
    Found found;
    found.task = &task;
    task.result = Iterate(image->image(), request, at, length, &found);
    if (task.result < 0) return;
    const uint64_t next = std::min(at + length, end);
    std::vector<double> numbers = Numbers(std::move(found.extents), request.begin, next);
    if (next == size) numbers[0] = static_cast<double>(request.end);  // there is no more
    task.value = Value::Numbers(std::move(numbers));
  });
}

}  // namespace

void ExportImageDiff(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_diff_iterate2", RbdDiffIterate2, Length::kLong);
  ExportTask(env, exports, "rbd_diff_iterate3", RbdDiffIterate3, Length::kLong);
}

}  // namespace rbdkit
