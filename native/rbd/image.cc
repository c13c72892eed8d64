// Images are opened and closed on the cluster's executors; librbd's thread tells of changed headers.
#include "rbd/image.h"

#include <cerrno>

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "core/call.h"
#include "rbd/rbd.h"
#include "sys/until_it_fits.h"

namespace rbdkit {

bool RbdLoaded(Task& task) {
  LibraryError error;
  if (LoadRados(&error) && LoadRbd(&error)) return true;
  task.result = -ENOSYS;
  task.value = Value(error.message);
  return false;
}

int ReportProgress(uint64_t done, uint64_t total, void* task) {
  auto* t = static_cast<Task*>(task);
  t->Report(done, total);
  return t->cancelled() ? -ECANCELED : 0;
}

int GetName(rbd_image_t image, std::string* name) {
  Room<> room(256);
  const int r = UntilItFits([&] { return Rbd().rbd_get_name(image, room.data(), &room.size); }, room);
  if (r >= 0) *name = room.text();
  return r;
}

std::string PoolName(const IoCtx& ioctx, int64_t id) {
  std::string name;
  return copy::PoolName(ioctx.ioctx(), id, &name) ? std::to_string(id) : name;
}

double Milliseconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec / 1000000);
}

int Image::Open(const std::string& name, bool by_id, const std::optional<std::string>& snapshot,
                std::optional<uint64_t> snapshot_id, bool read_only) {
  const auto open = by_id ? (read_only ? Rbd().rbd_open_by_id_read_only : Rbd().rbd_open_by_id)
                          : (read_only ? Rbd().rbd_open_read_only : Rbd().rbd_open);
  int r = OpenImageAt(open, ioctx_->ioctx(), name.c_str(), snapshot ? snapshot->c_str() : nullptr, &image_);
  if (r < 0) {
    image_ = nullptr;
    return r;
  }
  if (!snapshot_id) return read_only || snapshot ? 0 : WatchSize();
  r = Rbd().rbd_snap_set_by_id(image_, *snapshot_id);
  if (r < 0) Close();
  return r;
}

// WatchSize() has librbd's thread call back after each change of the header, once it has read the new one.
int Image::WatchSize() {
  int r = Rbd().rbd_update_watch(
      image_, &update_watch_, [](void* size) { static_cast<ImageSize*>(size)->Forget(); }, &size_);
  watching_ = r >= 0;
  uint64_t size = 0;
  if (r >= 0) r = size_.Ask(image_, &size);
  if (r < 0) Close();
  return r;
}

int Image::Close() {
  if (image_ == nullptr) return 0;
  if (watching_) Rbd().rbd_update_unwatch(image_, update_watch_);
  watching_ = false;
  const int r = CloseImage(image_);
  image_ = nullptr;
  return r;
}

namespace {

void RbdOpen(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name = call.String();
  const bool by_id = call.Bool();
  const auto snapshot = call.OptionalString();
  const auto snapshot_id = call.OptionalUint64();
  const bool read_only = call.Bool();
  auto image = std::make_shared<Image>(ioctx, "image " + name);
  call.Run(ioctx->executor(), [image, name, by_id, snapshot, snapshot_id, read_only](Task& task) {
    if (!RbdLoaded(task)) return;
    task.result = image->Open(name, by_id, snapshot, snapshot_id, read_only);
    std::string at = snapshot.value_or("");
    uint64_t id = snapshot_id.value_or(0);
    if (task.result >= 0 && snapshot) {
      task.result = Rbd().rbd_snap_get_id(image->image(), at.c_str(), &id);
    } else if (task.result >= 0 && snapshot_id) {
      task.result = copy::SnapshotName(image->image(), id, &at).result;
    }
    if (task.result < 0) return;
    const bool at_snapshot = snapshot || snapshot_id;
    task.value = Value::Fields({{"handle", Value::Opened(image)},
                                {"snapshot", at_snapshot ? Value(at) : Value()},
                                {"snapshotId", at_snapshot ? Value::BigInt(id) : Value()}});
  });
}

}  // namespace

void ExportImage(Napi::Env env, Napi::Object exports) { ExportTask(env, exports, "rbd_open", RbdOpen); }

}  // namespace rbdkit
