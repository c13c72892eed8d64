// These rows bind the trash of a pool: images that were moved there, to be restored or removed. They run on
// the cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

Value Entry(const rbd_trash_image_info_t& entry) {
  return Value::Fields({{"id", entry.id},
                        {"name", entry.name},
                        {"source", static_cast<int>(entry.source)},
                        {"deletedMs", Value::Number(1000 * entry.deletion_time)},
                        {"deferredUntilMs", Value::Number(1000 * entry.deferment_end_time)}});
}

constexpr Binding rows[] = {
    RBD(rbd_trash_list, IoCtx, OutList<rbd_trash_image_info_t, Entry, &RbdApi::rbd_trash_list_cleanup>),
    RBD(rbd_trash_get, IoCtx, Str, Out<rbd_trash_image_info_t, Entry, &RbdApi::rbd_trash_get_cleanup>),
    RBD(rbd_trash_move, IoCtx, Str, Num<uint64_t>),
    RBD(rbd_trash_restore, IoCtx, Str, Str),
    RBD(rbd_trash_remove_with_progress, IoCtx, Str, Flag<bool, true>, Progress),
    RBD(rbd_trash_purge_with_progress, IoCtx, Num<time_t>, Num<float>, ProgressToTheEnd),
};

}  // namespace

void ExportTrash(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
