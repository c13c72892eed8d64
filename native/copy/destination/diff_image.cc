// A DiffImage checks snapshots and size, then writes by librbd's asynchronous calls.
#include "copy/destination/diff_image.h"

#include <algorithm>

#include "disk/plain_name.h"

namespace rbdkit::copy {

namespace {

// A write of its own costs an OSD about as much as this many bytes more.
constexpr size_t kOperationCost = 64 << 10;

// FindSnapshot() returns 0, -ENOENT or another negative errno.
int FindSnapshot(rbd_image_t image, const std::string& name) {
  uint64_t id = 0;
  return Rbd().rbd_snap_get_id(image, name.c_str(), &id);
}

Error Failed(int result, const char* function, std::string message) {
  Error error(result, function);
  error.message = std::move(message);
  return error;
}

}  // namespace

Error DiffImage::Prepare(uint64_t size, const std::optional<Layout>& /*source*/) {
  if (Error error = ioctx_.Open(like_)) return error;
  int r = Rbd().rbd_open(ioctx_.get(), name_.c_str(), image_.out(), nullptr);
  if (r < 0) return Error(r, "rbd_open");
  if (Error error = CheckSnapshots()) return error;
  rbd_image_info_t info;
  if ((r = Rbd().rbd_stat(image_.get(), &info, sizeof info)) < 0) return Error(r, "rbd_stat");
  smallest_hole_ = std::min<size_t>(kOperationCost, info.obj_size / 2);
  return ResizeImage(info.size, size, allow_shrink_);
}

Error DiffImage::CheckSnapshots() {
  if (diff_.from) {
    const int r = FindSnapshot(image_.get(), *diff_.from);
    if (r < 0) {
      return Failed(r, "rbd_snap_get_id",
                    "the diff begins at snapshot '" + *diff_.from + "', which the image does not have");
    }
  }
  if (!diff_.to) return {};
  if (!IsPlainName(*diff_.to)) {
    return Failed(-EINVAL, "rbd_snap_create2",
                  "the diff ends at snapshot '" + *diff_.to + "', and no snapshot with '/' or '@' is made");
  }
  const int r = FindSnapshot(image_.get(), *diff_.to);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_snap_get_id");
  return Failed(-EEXIST, "rbd_snap_create2",
                "the diff ends at snapshot '" + *diff_.to + "', which the image has already");
}

Error DiffImage::ResizeImage(uint64_t from, uint64_t to, bool allow_shrink) {
  if (from == to) return {};
  if (from > to && !allow_shrink) {
    return Failed(-EINVAL, "rbd_resize2",
                  "the diff would shrink the image from " + std::to_string(from) + " to " +
                      std::to_string(to) + " bytes; allow that if it is meant");
  }
  const int r = Rbd().rbd_resize2(image_.get(), to, allow_shrink, LongCall::Progress, &long_call_);
  if (r < 0) return Error(r, "rbd_resize2");
  return {};
}

void DiffImage::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  writes_.Start(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_write2(image_.get(), offset, length, buffer, completion,
                                LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
  });
}

void DiffImage::Zero(uint64_t offset, uint64_t length, Operation* done) {
  writes_.Start(done, [&](rbd_completion_t completion) {
    return Rbd().rbd_aio_write_zeroes(image_.get(), offset, length, completion, 0,
                                      LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
  });
}

Error DiffImage::WriteError(int64_t result) const {
  return Error(static_cast<int>(result), "rbd_aio_write2");
}

Error DiffImage::Flush() {
  const int r = writes_.Await([image = image_.get()] { return Rbd().rbd_flush(image); });
  if (r < 0) return Error(r, "rbd_flush");
  return {};
}

Error DiffImage::Publish() {
  if (diff_.to) {
    const char* name = diff_.to->c_str();
    int r = Rbd().rbd_snap_create2(image_.get(), name, 0, LongCall::Progress, &long_call_);
    if (r < 0) return Error(r, "rbd_snap_create2");
    if (diff_.is_protected.value_or(false)) {
      if ((r = Rbd().rbd_snap_protect(image_.get(), name)) < 0) return Error(r, "rbd_snap_protect");
    }
  }
  const int r = image_.Close();
  if (r < 0) return Error(r, "rbd_close");
  return {};
}

Error DiffImage::Abandon() {
  writes_.Close(ioctx_.get(), &image_);
  return {};
}

}  // namespace rbdkit::copy
