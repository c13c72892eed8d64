// The trash of a pool: images that were moved there, to be restored or removed.
#include "rbd/row.h"

namespace rbdkit {

namespace {

const char* Source(rbd_trash_image_source_t source) {
  switch (source) {
    case RBD_TRASH_IMAGE_SOURCE_USER:
      return "user";
    case RBD_TRASH_IMAGE_SOURCE_MIRRORING:
      return "mirroring";
    case RBD_TRASH_IMAGE_SOURCE_MIGRATION:
      return "migration";
    case RBD_TRASH_IMAGE_SOURCE_REMOVING:
      return "removing";
    case RBD_TRASH_IMAGE_SOURCE_USER_PARENT:
      return "user-parent";
  }
  return "unknown";
}

Value Entry(const rbd_trash_image_info_t& entry) {
  return Value::Fields({{"id", entry.id},
                        {"name", entry.name},
                        {"source", Source(entry.source)},
                        {"deletedMs", Value::Number(1000 * entry.deletion_time)},
                        {"deferredUntilMs", Value::Number(1000 * entry.deferment_end_time)}});
}

constexpr Binding rows[] = {
    RBD(rbd_trash_list, IoCtx, OutList<rbd_trash_image_info_t, Entry, &RbdApi::rbd_trash_list_cleanup>),
    RBD(rbd_trash_get, IoCtx, Str, Out<rbd_trash_image_info_t, Entry, &RbdApi::rbd_trash_get_cleanup>),
    RBD(rbd_trash_move, IoCtx, Str, Num<uint64_t>),
    RBD(rbd_trash_restore, IoCtx, Str, Str),
    RBD(rbd_trash_remove_with_progress, IoCtx, Str, Flag<bool, true>, Progress),
};

}  // namespace

void ExportTrash(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
