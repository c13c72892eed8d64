// FinishAio() runs on librbd's threads and only completes the operation; all else blocks on the caller's
// thread.
#include "ceph/image_io.h"

#include <algorithm>

#include "ceph/class_call.h"
#include "sys/rados.h"
#include "sys/until_it_fits.h"

namespace rbdkit::copy {

OwnIoCtx::~OwnIoCtx() {
  if (ioctx_ != nullptr) Rados().rados_ioctx_destroy(ioctx_);
}

Error OwnIoCtx::Open(rados_ioctx_t like, std::optional<int64_t> pool) {
  Room<char, unsigned> room(64);
  const int r =
      UntilItFits([&] { return Rados().rados_ioctx_get_namespace(like, room.data(), room.size); }, room);
  if (r < 0) return Error(r, "rados_ioctx_get_namespace");
  return Open(like, pool.value_or(Rados().rados_ioctx_get_id(like)), room.text());
}

Error OwnIoCtx::Open(rados_ioctx_t like, int64_t pool, const std::string& name_space) {
  const int r = Rados().rados_ioctx_create2(Rados().rados_ioctx_get_cluster(like), pool, &ioctx_);
  if (r < 0) return Error(r, "rados_ioctx_create2");
  Rados().rados_ioctx_set_namespace(ioctx_, name_space.c_str());
  Rados().rados_set_pool_full_try(ioctx_);
  return {};
}

std::string ClusterOf(rados_ioctx_t ioctx) {
  char fsid[40] = "";
  Rados().rados_cluster_fsid(Rados().rados_ioctx_get_cluster(ioctx), fsid, sizeof fsid);
  return fsid;
}

Error PoolName(rados_ioctx_t ioctx, int64_t pool, std::string* name) {
  Room<> room(256);
  const int r = UntilItFits(
      [&] {
        return Rados().rados_pool_reverse_lookup(Rados().rados_ioctx_get_cluster(ioctx), pool, room.data(),
                                                 room.size);
      },
      room);
  if (r < 0) return Error(r, "rados_pool_reverse_lookup");
  *name = room.text();
  return {};
}

void OpenImage::BeginClose() {
  if (Rbd().rbd_aio_create_completion(nullptr, nullptr, &closing_) < 0) return;
  // rbd_aio_close() only refuses an image that is being closed.
  Rbd().rbd_aio_close(std::exchange(image_, nullptr), closing_);
}

void OpenImage::EndClose() {
  if (closing_ == nullptr) return;
  Rbd().rbd_aio_wait_for_complete(closing_);
  Rbd().rbd_aio_release(std::exchange(closing_, nullptr));
}

Error ImageId(rbd_image_t image, std::string* id) {
  char buffer[128];
  uint8_t old = 0;
  int r = Rbd().rbd_get_old_format(image, &old);
  if (r < 0) return Error(r, "rbd_get_old_format");
  if (old != 0) {
    r = Rbd().rbd_get_block_name_prefix(image, buffer, sizeof buffer);
    if (r < 0) return Error(r, "rbd_get_block_name_prefix");
  } else {
    r = Rbd().rbd_get_id(image, buffer, sizeof buffer);
    if (r < 0) return Error(r, "rbd_get_id");
  }
  *id = buffer;
  return {};
}

Error OpenById(rados_ioctx_t ioctx, const std::string& id, const std::string& name, bool read_only,
               OpenImage* image) {
  if (id.find('.') == std::string::npos) {
    const int r = (read_only ? Rbd().rbd_open_by_id_read_only : Rbd().rbd_open_by_id)(ioctx, id.c_str(),
                                                                                      image->out(), nullptr);
    return r < 0 ? Error(r, read_only ? "rbd_open_by_id_read_only" : "rbd_open_by_id") : Error();
  }
  const int r =
      (read_only ? Rbd().rbd_open_read_only : Rbd().rbd_open)(ioctx, name.c_str(), image->out(), nullptr);
  const char* const function = read_only ? "rbd_open_read_only" : "rbd_open";
  if (r < 0) return Error(r, function);
  std::string found;
  if (Error error = ImageId(image->get(), &found)) return error;
  if (found == id) return {};
  image->Close();
  return Error(-ENOENT, function);
}

Error DescribeLayout(rbd_image_t image, Layout* layout) {
  rbd_image_info_t info;
  int r = Rbd().rbd_stat(image, &info, sizeof info);
  if (r < 0) return Error(r, "rbd_stat");
  layout->object_size = info.obj_size;
  if ((r = Rbd().rbd_get_stripe_unit(image, &layout->stripe_unit)) < 0)
    return Error(r, "rbd_get_stripe_unit");
  if ((r = Rbd().rbd_get_stripe_count(image, &layout->stripe_count)) < 0)
    return Error(r, "rbd_get_stripe_count");
  if ((r = Rbd().rbd_get_features(image, &layout->features)) < 0) return Error(r, "rbd_get_features");
  uint8_t old = 0;
  if ((r = Rbd().rbd_get_old_format(image, &old)) < 0) return Error(r, "rbd_get_old_format");
  layout->old_format = old != 0;
  return {};
}

Error SnapshotIds(rados_ioctx_t ioctx, const std::string& id, std::vector<uint64_t>* ids) {
  constexpr size_t kMost = 1 << 20;  // bytes: 130,000 snapshots
  constexpr size_t kBegin = 12;  // the highest id that there has been, and the number of those that follow
  std::string answer;
  if (Error error = ReadByClass(ioctx, "rbd_header." + id, "get_snapcontext", "", &answer, kMost)) {
    return error;
  }
  for (size_t at = kBegin; at + sizeof(uint64_t) <= answer.size(); at += sizeof(uint64_t)) {
    ids->push_back(DecodeSize(answer.data() + at));
  }
  std::sort(ids->begin(), ids->end());
  return {};
}

void FinishAio(rbd_completion_t completion, void* operation) {
  const int64_t result = Rbd().rbd_aio_get_return_value(completion);
  Rbd().rbd_aio_release(completion);
  static_cast<Operation*>(operation)->Complete(result);
}

}  // namespace rbdkit::copy
