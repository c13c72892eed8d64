// A leftover is cleared by what its record says it is.
#include "copy/publish/image_leftovers.h"

#include <algorithm>

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "copy/publish/image.h"
#include "copy/publish/image_journal.h"
#include "copy/publish/image_removal.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

Error RemoveSnapshot(rados_ioctx_t ioctx, const std::string& key, const Record& record, LongCall& call) {
  OpenImage image;
  const Error error = OpenById(ioctx, record.id, record.target, false, &image);
  if (error && error.result != -ENOENT) return error;
  if (!error) {
    const int r = Rbd().rbd_snap_remove2(image.get(), key.c_str(), 0, LongCall::Progress, &call);
    if (r < 0 && r != -ENOENT) return Error(r, "rbd_snap_remove2");
  }
  return ImageJournal(ioctx).Remove(key);
}

Error Clear(rados_ioctx_t ioctx, const std::string& key, Record record, LongCall& call) {
  if (record.kind == RecordKind::kSnapshot) return RemoveSnapshot(ioctx, key, record, call);
  if (record.state == RecordState::kCopying) return RemoveTemporary(ioctx, key, call);
  Replaced replaced;
  Error error = PublishImage(ioctx, key, &record, Renaming::kKnown, &replaced);
  // ENOENT means that somebody has removed it, or given it another name.
  if (error && error.result != -ENOENT) return error;
  return ImageJournal(ioctx).Remove(key);
}

}  // namespace

Error IsInUse(rados_ioctx_t ioctx, const Record& record, bool* in_use) {
  *in_use = false;
  if (record.id.empty()) {
    *in_use = IsBeingMade(record);
    return {};
  }
  OpenImage image;
  if (Error error = OpenById(ioctx, record.id, record.target, true, &image)) {
    return error.result == -ENOENT ? Error() : error;
  }
  std::vector<uint64_t> clients;
  if (Error error = ListWatchers(image.get(), &clients)) return error;
  // Nobody else has a temporary open. An image that has its name, and the image of a snapshot, may be open by
  // anybody.
  const bool temporary = record.kind == RecordKind::kImage && record.state == RecordState::kCopying;
  *in_use = temporary ? !clients.empty()
                      : std::find(clients.begin(), clients.end(), record.client) != clients.end();
  return {};
}

Error FinishCopiesTo(rados_ioctx_t ioctx, const std::string& target) {
  std::vector<std::pair<std::string, Record>> records;
  if (Error error = ImageJournal(ioctx).List(&records)) return error;
  LongCall call;
  for (const auto& [key, record] : records) {
    if (record.kind != RecordKind::kImage || record.state == RecordState::kCopying) continue;
    if (record.target != target) continue;
    bool in_use = false;
    if (Error error = IsInUse(ioctx, record, &in_use)) return error;
    if (in_use) continue;
    if (Error error = Clear(ioctx, key, record, call)) return error;
  }
  return {};
}

Error ImageLeftovers(rados_ioctx_t ioctx, bool clear, LongCall& call, std::vector<Leftover>* leftovers) {
  std::vector<std::pair<std::string, Record>> records;
  if (Error error = ImageJournal(ioctx).List(&records)) return error;
  for (const auto& [key, record] : records) {
    call.pulse->Beat();
    if (call.stop) return Error::Coded(kCancelled, "cleanup", "cancelled");
    Leftover leftover;
    leftover.name = key;
    leftover.record = record;
    leftover.error = IsInUse(ioctx, record, &leftover.in_use);
    if (clear && !leftover.in_use && !leftover.error) {
      leftover.error = Clear(ioctx, key, record, call);
      leftover.cleared = !leftover.error;
      if (leftover.error && call.stop) return std::move(leftover.error);
    }
    leftovers->push_back(std::move(leftover));
  }
  return {};
}

}  // namespace rbdkit::copy
