// librbd, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_RBD_H_
#define RBDKIT_SYS_RBD_H_

#include <rbd/librbd.h>

#include "sys/library.h"

// F(function, since): see sys/rados.h.
#define RBDKIT_RBD_FUNCTIONS(F)                  \
  F(rbd_version, nullptr)                        \
  F(rbd_pool_init, nullptr)                      \
  F(rbd_list2, nullptr)                          \
  F(rbd_image_spec_list_cleanup, nullptr)        \
  F(rbd_create4, nullptr)                        \
  F(rbd_image_options_create, nullptr)           \
  F(rbd_image_options_destroy, nullptr)          \
  F(rbd_image_options_set_uint64, nullptr)       \
  F(rbd_image_options_set_string, nullptr)       \
  F(rbd_open, nullptr)                           \
  F(rbd_open_read_only, nullptr)                 \
  F(rbd_open_by_id, nullptr)                     \
  F(rbd_open_by_id_read_only, nullptr)           \
  F(rbd_close, nullptr)                          \
  F(rbd_aio_close, nullptr)                      \
  F(rbd_stat, nullptr)                           \
  F(rbd_get_size, nullptr)                       \
  F(rbd_update_watch, nullptr)                   \
  F(rbd_update_unwatch, nullptr)                 \
  F(rbd_get_features, nullptr)                   \
  F(rbd_get_flags, nullptr)                      \
  F(rbd_get_old_format, nullptr)                 \
  F(rbd_get_op_features, nullptr)                \
  F(rbd_update_features, nullptr)                \
  F(rbd_rebuild_object_map, nullptr)             \
  F(rbd_get_stripe_unit, nullptr)                \
  F(rbd_get_stripe_count, nullptr)               \
  F(rbd_get_id, nullptr)                         \
  F(rbd_get_name, nullptr)                       \
  F(rbd_get_block_name_prefix, nullptr)          \
  F(rbd_get_data_pool_id, nullptr)               \
  F(rbd_get_create_timestamp, nullptr)           \
  F(rbd_get_modify_timestamp, nullptr)           \
  F(rbd_get_access_timestamp, nullptr)           \
  F(rbd_resize2, nullptr)                        \
  F(rbd_rename, nullptr)                         \
  F(rbd_remove_with_progress, nullptr)           \
  F(rbd_trash_move, nullptr)                     \
  F(rbd_aio_create_completion, nullptr)          \
  F(rbd_aio_get_return_value, nullptr)           \
  F(rbd_aio_is_complete, nullptr)                \
  F(rbd_aio_wait_for_complete, nullptr)          \
  F(rbd_aio_release, nullptr)                    \
  F(rbd_aio_read, nullptr)                       \
  F(rbd_aio_read2, nullptr)                      \
  F(rbd_aio_write, nullptr)                      \
  F(rbd_aio_write2, nullptr)                     \
  F(rbd_aio_readv, nullptr)                      \
  F(rbd_aio_writev, nullptr)                     \
  F(rbd_aio_discard, nullptr)                    \
  F(rbd_aio_writesame, nullptr)                  \
  F(rbd_aio_compare_and_write, nullptr)          \
  F(rbd_aio_flush, nullptr)                      \
  F(rbd_flush, nullptr)                          \
  F(rbd_invalidate_cache, nullptr)               \
  F(rbd_aio_write_zeroes, "pacific")             \
  F(rbd_snap_create2, nullptr)                   \
  F(rbd_snap_list, nullptr)                      \
  F(rbd_snap_list_end, nullptr)                  \
  F(rbd_snap_remove2, nullptr)                   \
  F(rbd_snap_rename, nullptr)                    \
  F(rbd_snap_protect, nullptr)                   \
  F(rbd_snap_unprotect, nullptr)                 \
  F(rbd_snap_is_protected, nullptr)              \
  F(rbd_snap_rollback_with_progress, nullptr)    \
  F(rbd_snap_get_timestamp, nullptr)             \
  F(rbd_snap_get_id, nullptr)                    \
  F(rbd_snap_get_name, nullptr)                  \
  F(rbd_snap_get_namespace_type, nullptr)        \
  F(rbd_snap_get_group_namespace, nullptr)       \
  F(rbd_snap_group_namespace_cleanup, nullptr)   \
  F(rbd_snap_get_trash_namespace, nullptr)       \
  F(rbd_snap_get_mirror_namespace, nullptr)      \
  F(rbd_snap_mirror_namespace_cleanup, nullptr)  \
  F(rbd_snap_get_limit, nullptr)                 \
  F(rbd_snap_set_limit, nullptr)                 \
  F(rbd_snap_set, nullptr)                       \
  F(rbd_snap_set_by_id, nullptr)                 \
  F(rbd_clone3, nullptr)                         \
  F(rbd_flatten_with_progress, nullptr)          \
  F(rbd_list_children3, nullptr)                 \
  F(rbd_linked_image_spec_list_cleanup, nullptr) \
  F(rbd_linked_image_spec_cleanup, nullptr)      \
  F(rbd_get_parent, nullptr)                     \
  F(rbd_snap_spec_cleanup, nullptr)              \
  F(rbd_get_overlap, nullptr)                    \
  F(rbd_metadata_get, nullptr)                   \
  F(rbd_metadata_set, nullptr)                   \
  F(rbd_metadata_remove, nullptr)                \
  F(rbd_metadata_list, nullptr)                  \
  F(rbd_config_image_list, nullptr)              \
  F(rbd_config_image_list_cleanup, nullptr)      \
  F(rbd_lock_acquire, nullptr)                   \
  F(rbd_lock_release, nullptr)                   \
  F(rbd_lock_break, nullptr)                     \
  F(rbd_lock_get_owners, nullptr)                \
  F(rbd_lock_get_owners_cleanup, nullptr)        \
  F(rbd_list_lockers, nullptr)                   \
  F(rbd_is_exclusive_lock_owner, nullptr)        \
  F(rbd_get_group, nullptr)                      \
  F(rbd_group_info_cleanup, nullptr)             \
  F(rbd_mirror_image_get_info, nullptr)          \
  F(rbd_mirror_image_get_info_cleanup, nullptr)  \
  F(rbd_mirror_image_get_mode, nullptr)          \
  F(rbd_migration_status, nullptr)               \
  F(rbd_migration_status_cleanup, nullptr)       \
  F(rbd_group_image_add, nullptr)                \
  F(rbd_group_image_remove_by_id, nullptr)       \
  F(rbd_watchers_list, nullptr)                  \
  F(rbd_watchers_list_cleanup, nullptr)          \
  F(rbd_diff_iterate2, nullptr)                  \
  F(rbd_namespace_create, nullptr)               \
  F(rbd_namespace_list, nullptr)                 \
  F(rbd_namespace_remove, nullptr)

namespace rbdkit {

struct RbdApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RBD_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens librbd on the first call; later calls return at once. Any thread.
bool LoadRbd(LibraryError* error);

// The table; only after LoadRbd() returned true.
extern RbdApi rbd_api;
inline const RbdApi& Rbd() { return rbd_api; }

// rbd_close(), a moment later: librbd (16.2.15) looks at an image once more after it has said that
// it is open, and ends the process when it is gone by then (docs/decisions/0021). Blocks.
int CloseImage(rbd_image_t image);

// Opens an image at a snapshot, or without one (null or empty) as it is now, by one of the rbd_open
// functions. They refuse a snapshot without an object map, which is what is made in a pool that is full
// (16.2.15), and rbd_snap_set() does not: so where there is nothing to be opened, that is tried as well.
int OpenImageAt(decltype(&::rbd_open) open, rados_ioctx_t ioctx, const char* name, const char* snapshot,
                rbd_image_t* image);

// Calls `visit(name, present)` for every function of the table; only after LoadRbd().
void VisitRbd(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RBD_H_
