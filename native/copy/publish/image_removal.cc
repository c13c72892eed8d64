// A temporary image is emptied by what the pool has, then removed by librbd.
#include "copy/publish/image_removal.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "ceph/class_call.h"
#include "ceph/data_objects.h"
#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "copy/publish/image_journal.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

// librbd looks for so many objects in a moment, whether they are there or not.
constexpr uint64_t kFewObjects = 4096;

// Stopped() is asked between two steps, of which each is a sign of life.
Error Stopped(const LongCall& call) {
  call.pulse->Beat();
  return call.stop ? Error::Coded(kCancelled, "cleanup", "cancelled") : Error();
}

// RemoveSnapshots() removes the snapshots of a temporary that was to have some.
Error RemoveSnapshots(rbd_image_t image, LongCall& call) {
  std::vector<ListedSnapshot> snapshots;
  if (Error error = ListSnapshots(image, &snapshots)) return error;
  for (const ListedSnapshot& snapshot : snapshots) {
    if (Error error = Stopped(call)) return error;
    Rbd().rbd_snap_unprotect(image, snapshot.name.c_str());
    const int r = Rbd().rbd_snap_remove2(image, snapshot.name.c_str(), 0, LongCall::Progress, &call);
    if (r < 0 && r != -ENOENT) return Error(r, "rbd_snap_remove2");
  }
  return {};
}

// RemoveListed() removes the image's objects among all that the pool has.
Error RemoveListed(const DataObjects& objects, LongCall& call) {
  const std::string prefix = objects.prefix() + ".";
  rados_list_ctx_t list = nullptr;
  int r = Rados().rados_nobjects_list_open(objects.ioctx(), &list);
  if (r < 0) return Error(r, "rados_nobjects_list_open");
  Error error;
  const char* name = nullptr;
  while (!(error = Stopped(call)) &&
         (r = Rados().rados_nobjects_list_next(list, &name, nullptr, nullptr)) == 0) {
    if (prefix.compare(0, prefix.size(), name, strnlen(name, prefix.size())) != 0) continue;
    const int removed = Rados().rados_remove(objects.ioctx(), name);
    if (removed < 0 && removed != -ENOENT) {
      error = Error(removed, "rados_remove");
      break;
    }
  }
  Rados().rados_nobjects_list_close(list);
  if (!error && r < 0 && r != -ENOENT) error = Error(r, "rados_nobjects_list_next");
  return error;
}

// Empty() makes a large image empty. librbd removes an image by asking for each object that it could have,
// which a stream of some bytes can make more than a lifetime's work. Where the pool as a whole has fewer
// objects, these are looked through instead, and the image is made empty by its header alone, so that librbd
// has none to ask for. Nobody else knows the image.
Error Empty(rados_ioctx_t ioctx, const std::string& key, LongCall& call) {
  OpenImage image;
  int r = Rbd().rbd_open(ioctx, key.c_str(), image.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open");
  if (Error error = RemoveSnapshots(image.get(), call)) return error;
  rbd_image_info_t info;
  if ((r = Rbd().rbd_stat(image.get(), &info, sizeof info)) < 0) return Error(r, "rbd_stat");
  if (info.num_objs <= kFewObjects) return {};
  DataObjects objects;
  if (Error error = objects.Open(image.get(), ioctx)) return error;
  rados_pool_stat_t pool;
  if ((r = Rados().rados_ioctx_pool_stat(objects.ioctx(), &pool)) < 0) {
    return Error(r, "rados_ioctx_pool_stat");
  }
  if (info.num_objs <= pool.num_objects) return {};
  std::string id;
  if (Error error = ImageId(image.get(), &id)) return error;
  if ((r = image.Close()) < 0) return Error(r, "rbd_close");
  if (Error error = RemoveListed(objects, call)) return error;
  return WriteByClass(ioctx, "rbd_header." + id, {{"set_size", EncodeSize(0)}});
}

}  // namespace

Error RemoveTemporary(rados_ioctx_t ioctx, const std::string& key, LongCall& call) {
  if (Error error = Empty(ioctx, key, call)) return error;
  if (Error error = Stopped(call)) return error;
  int r = Rbd().rbd_remove_with_progress(ioctx, key.c_str(), LongCall::Progress, &call);
  if (r < 0 && r != -ENOENT) return Error(r, "rbd_remove_with_progress");
  // A create or remove that was cut may have left no more than this object.
  r = Rados().rados_remove(ioctx, ("rbd_id." + key).c_str());
  if (r < 0 && r != -ENOENT) return Error(r, "rados_remove");
  return ImageJournal(ioctx).Remove(key);
}

}  // namespace rbdkit::copy
