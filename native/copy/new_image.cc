#include "copy/new_image.h"

#include "copy/temporary_name.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kMaxImageName = 4096;

int NoProgress(uint64_t /*offset*/, uint64_t /*total*/, void* /*arg*/) { return 0; }

void RemoveSnapshots(rbd_image_t image) {
  std::vector<rbd_snap_info_t> snapshots(64);
  int max = static_cast<int>(snapshots.size());
  int count;
  while ((count = Rbd().rbd_snap_list(image, snapshots.data(), &max)) == -ERANGE) snapshots.resize(max);
  if (count < 0) return;
  for (int i = 0; i < count; ++i) {
    Rbd().rbd_snap_unprotect(image, snapshots[i].name);
    Rbd().rbd_snap_remove2(image, snapshots[i].name, 0, NoProgress, nullptr);
  }
  Rbd().rbd_snap_list_end(snapshots.data());
}

}  // namespace

NewImage::NewImage(rados_ioctx_t ioctx, const std::string& name)
    : ioctx_(ioctx), name_(name), temporary_(TemporaryName(name, kMaxImageName)) {}

Error NewImage::Create(uint64_t size, const ImageOptions& options) {
  OpenImage existing;
  const int r = Rbd().rbd_open_read_only(ioctx_, name_.c_str(), existing.out(), nullptr);
  if (r == 0) return Error(-EEXIST, "rbd_create4");
  if (r != -ENOENT) return Error(r, "rbd_open_read_only");
  made_ = true;  // also a create that failed may have left something
  return CreateImage(ioctx_, temporary_, size, options);
}

Error NewImage::SetMetadata(const std::vector<std::pair<std::string, std::string>>& metadata) {
  if (metadata.empty()) return {};
  OpenImage image;
  int r = Rbd().rbd_open(ioctx_, temporary_.c_str(), image.out(), nullptr);
  if (r < 0) return Error(r, "rbd_open");
  for (const auto& [key, value] : metadata) {
    r = Rbd().rbd_metadata_set(image.get(), key.c_str(), value.c_str());
    if (r < 0) return Error(r, "rbd_metadata_set");
  }
  return {};
}

Error NewImage::Publish() {
  const int r = Rbd().rbd_rename(ioctx_, temporary_.c_str(), name_.c_str());
  if (r < 0) return Error(r, "rbd_rename");
  made_ = false;
  return {};
}

void NewImage::Abandon() {
  if (!std::exchange(made_, false)) return;
  OpenImage image;
  if (Rbd().rbd_open(ioctx_, temporary_.c_str(), image.out(), nullptr) == 0) RemoveSnapshots(image.get());
  image.Close();
  Rbd().rbd_remove_with_progress(ioctx_, temporary_.c_str(), NoProgress, nullptr);
}

}  // namespace rbdkit::copy
