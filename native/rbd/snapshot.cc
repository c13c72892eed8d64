// These rows make, remove, rename and protect the snapshots of an image, and go back to them. They run on the
// cluster's executors.
#include "rbd/row.h"

namespace rbdkit {

namespace {

// The value is undefined when there is no limit.
Value Limit(const uint64_t& limit) { return limit == UINT64_MAX ? Value() : Value::Number(limit); }

constexpr Binding rows[] = {
    RBD(rbd_snap_create2, Image, Str, Num<uint32_t>, Progress),
    RBD(rbd_snap_remove2, Image, Str, Num<uint32_t>, Progress),
    RBD(rbd_snap_rollback_with_progress, Image, Str, Progress),
    RBD(rbd_snap_rename, Image, Str, Str),
    RBD(rbd_snap_protect, Image, Str),
    Long(RBD(rbd_snap_unprotect, Image, Str)),
    Long(RBD(rbd_snap_remove_by_id, Image, Num<uint64_t>)),
    RBD(rbd_snap_exists, Image, Str, Out<bool, Truth<bool>>),
    RBD(rbd_snap_get_id, Image, Str, Out<uint64_t, Big<uint64_t>>),
    RBD(rbd_snap_get_name, Image, Num<uint64_t>, OutStr<256>),
    RBD(rbd_snap_get_limit, Image, Out<uint64_t, Limit>),
    RBD(rbd_snap_set_limit, Image, Num<uint64_t>),
    RBD(rbd_snap_is_protected, Image, Str, Out<int, Truth<int>>),
};

}  // namespace

void ExportSnapshot(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
