#include "copy/publish_image.h"

#include "copy/image_io.h"
#include "copy/image_journal.h"
#include "copy/image_names.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

// True also when it cannot be told.
bool HasSnapshots(rados_ioctx_t ioctx, const std::string& id) {
  OpenImage image;
  if (Rbd().rbd_open_by_id_read_only(ioctx, id.c_str(), image.out(), nullptr) < 0) return true;
  int count = 1;
  rbd_snap_info_t snapshot;
  const int r = Rbd().rbd_snap_list(image.get(), &snapshot, &count);
  if (r > 0) Rbd().rbd_snap_list_end(&snapshot);
  return r != 0;
}

// Moves what was replaced to the trash, if it is where PublishImage() has put it and nothing is in the way.
void PutAway(rados_ioctx_t ioctx, const Record& record, Replaced* replaced) {
  std::string name;
  if (ListedName(ioctx, record.old_id, &name) || name != record.old_name) return;
  *replaced = {record.old_id, name};
  if (HasSnapshots(ioctx, record.old_id)) return;
  if (Rbd().rbd_trash_move(ioctx, name.c_str(), 0) == 0) replaced->name.clear();
}

Error Name(rados_ioctx_t ioctx, const std::string& temporary, const Record& record, Renaming how) {
  if (record.old_id.empty()) return RenameImage(ioctx, record.id, temporary, record.target, how);
  std::string name;
  // Without its heir the old image stays where it is.
  if (Error error = ListedName(ioctx, record.id, &name)) return error;
  Error error = RenameImage(ioctx, record.old_id, record.target, record.old_name, Renaming::kKnown);
  if (error && error.result != -ENOENT) return error;  // ENOENT: somebody has removed it
  error = RenameImage(ioctx, record.id, temporary, record.target, how);
  if (error) RenameImage(ioctx, record.old_id, record.old_name, record.target, Renaming::kKnown);
  return error;
}

}  // namespace

int ListWatchers(rbd_image_t image, std::vector<uint64_t>* clients) {
  std::vector<rbd_image_watcher_t> watchers(16);
  size_t count = watchers.size();
  int r;
  while ((r = Rbd().rbd_watchers_list(image, watchers.data(), &count)) == -ERANGE) watchers.resize(count);
  if (r < 0) return r;
  for (size_t i = 0; i < count; ++i) clients->push_back(static_cast<uint64_t>(watchers[i].id));
  Rbd().rbd_watchers_list_cleanup(watchers.data(), count);
  return 0;
}

Error RefuseInUse(rados_ioctx_t ioctx, const std::string& id) {
  OpenImage image;
  int r = Rbd().rbd_open_by_id_read_only(ioctx, id.c_str(), image.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  std::vector<uint64_t> clients;
  if ((r = ListWatchers(image.get(), &clients)) < 0) return Error(r, "rbd_watchers_list");
  if (clients.empty()) return {};
  Error error(-EBUSY, "rbd_watchers_list");
  error.message = "the image to replace is open for writing by client." + std::to_string(clients.front());
  return error;
}

Error PublishImage(rados_ioctx_t ioctx, const std::string& temporary, Record* record, Renaming how,
                   Replaced* replaced) {
  if (record->state != RecordState::kNamed) {
    if (Error error = Name(ioctx, temporary, *record, how)) return error;
    if (!record->old_id.empty()) {
      // From here on who removes the new image does not get the old one back.
      record->state = RecordState::kNamed;
      if (Error error = ImageJournal(ioctx).Put(temporary, record)) return error;
    }
  }
  if (!record->old_id.empty()) PutAway(ioctx, *record, replaced);
  return {};
}

}  // namespace rbdkit::copy
