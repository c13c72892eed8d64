// Publishing an image renames the old one, names the new one and puts the old one away.
#include "copy/publish/image.h"

#include "ceph/image_io.h"
#include "ceph/image_lists.h"
#include "ceph/image_names.h"
#include "copy/publish/image_journal.h"
#include "copy/publish/old_image.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

// HasSnapshots() is true also when it cannot be told.
bool HasSnapshots(rbd_image_t image) {
  std::vector<ListedSnapshot> snapshots;
  return ListSnapshots(image, &snapshots) || !snapshots.empty();
}

// PutAway() gives the group of the replaced image to the new one and moves the replaced image to the trash,
// if it is where PublishImage() has put it and nothing is in the way.
Error PutAway(rados_ioctx_t ioctx, const Record& record, Replaced* replaced) {
  OpenImage old;
  const int r = Rbd().rbd_open_by_id_read_only(ioctx, record.old_id.c_str(), old.out(), nullptr);
  if (r == -ENOENT) return {};
  if (r < 0) return Error(r, "rbd_open_by_id_read_only");
  if (Error error = PassGroupOn(ioctx, old.get(), record.old_id, record.target)) return error;
  const bool stays = HasSnapshots(old.get());
  old.Close();
  std::string name;
  if (ListedName(ioctx, record.old_id, &name) || name != record.old_name) return {};
  *replaced = {record.old_id, name};
  if (!stays && Rbd().rbd_trash_move(ioctx, name.c_str(), 0) == 0) replaced->name.clear();
  return {};
}

Error Name(rados_ioctx_t ioctx, const std::string& temporary, const Record& record, Renaming how) {
  if (record.old_id.empty()) return RenameImage(ioctx, record.id, temporary, record.target, how);
  std::string name;
  // The old image stays where it is when its heir is gone.
  if (Error error = ListedName(ioctx, record.id, &name)) return error;
  Error error = RenameImage(ioctx, record.old_id, record.target, record.old_name, Renaming::kKnown);
  if (error && error.result != -ENOENT) return error;  // ENOENT: somebody has removed it
  error = RenameImage(ioctx, record.id, temporary, record.target, how);
  if (error) RenameImage(ioctx, record.old_id, record.old_name, record.target, Renaming::kKnown);
  return error;
}

}  // namespace

Error PublishImage(rados_ioctx_t ioctx, const std::string& temporary, Record* record, Renaming how,
                   Replaced* replaced) {
  if (record->state != RecordState::kNamed) {
    if (Error error = Name(ioctx, temporary, *record, how)) return error;
    if (!record->old_id.empty()) {
      // From here on, removing the new image does not bring the old one back.
      record->state = RecordState::kNamed;
      if (Error error = ImageJournal(ioctx).Put(temporary, record)) return error;
    }
  }
  return record->old_id.empty() ? Error() : PutAway(ioctx, *record, replaced);
}

}  // namespace rbdkit::copy
