// librados, opened at run time: one typed pointer per function used.
#ifndef RBDKIT_SYS_RADOS_H_
#define RBDKIT_SYS_RADOS_H_

#include <rados/librados.h>

#include "sys/library.h"

// F(function, since): `since` is nullptr for functions that every supported release has, else the release
// that brought it; then the pointer may be null and the binding answers ENOSYS.
#define RBDKIT_RADOS_FUNCTIONS(F)           \
  F(rados_version, nullptr)                 \
  F(rados_create2, nullptr)                 \
  F(rados_conf_read_file, nullptr)          \
  F(rados_conf_set, nullptr)                \
  F(rados_conf_get, nullptr)                \
  F(rados_connect, nullptr)                 \
  F(rados_shutdown, nullptr)                \
  F(rados_cluster_fsid, nullptr)            \
  F(rados_cluster_stat, nullptr)            \
  F(rados_mon_command, nullptr)             \
  F(rados_mgr_command, nullptr)             \
  F(rados_buffer_free, nullptr)             \
  F(rados_pool_list, nullptr)               \
  F(rados_pool_create, nullptr)             \
  F(rados_pool_delete, nullptr)             \
  F(rados_pool_reverse_lookup, nullptr)     \
  F(rados_wait_for_latest_osdmap, nullptr)  \
  F(rados_ioctx_create, nullptr)            \
  F(rados_ioctx_create2, nullptr)           \
  F(rados_ioctx_destroy, nullptr)           \
  F(rados_ioctx_get_id, nullptr)            \
  F(rados_ioctx_get_cluster, nullptr)       \
  F(rados_ioctx_set_namespace, nullptr)     \
  F(rados_ioctx_get_namespace, nullptr)     \
  F(rados_ioctx_pool_stat, nullptr)         \
  F(rados_ioctx_snap_set_read, nullptr)     \
  F(rados_get_instance_id, nullptr)         \
  F(rados_write_full, nullptr)              \
  F(rados_read, nullptr)                    \
  F(rados_stat, nullptr)                    \
  F(rados_remove, nullptr)                  \
  F(rados_nobjects_list_open, nullptr)      \
  F(rados_nobjects_list_next, nullptr)      \
  F(rados_nobjects_list_close, nullptr)     \
  F(rados_lock_exclusive, nullptr)          \
  F(rados_unlock, nullptr)                  \
  F(rados_watch3, nullptr)                  \
  F(rados_unwatch2, nullptr)                \
  F(rados_watch_check, nullptr)             \
  F(rados_watch_flush, nullptr)             \
  F(rados_notify2, nullptr)                 \
  F(rados_notify_ack, nullptr)              \
  F(rados_set_pool_full_try, "pacific")     \
  F(rados_create_write_op, nullptr)         \
  F(rados_release_write_op, "dumpling")     \
  F(rados_write_op_create, nullptr)         \
  F(rados_write_op_operate, "dumpling")     \
  F(rados_write_op_assert_version, nullptr) \
  F(rados_write_op_cmpext, nullptr)         \
  F(rados_write_op_exec, nullptr)           \
  F(rados_write_op_remove, nullptr)         \
  F(rados_write_op_write_full, nullptr)     \
  F(rados_write_op_omap_set2, nullptr)      \
  F(rados_write_op_omap_rm_keys2, nullptr)  \
  F(rados_get_last_version, nullptr)        \
  F(rados_exec, nullptr)                    \
  F(rados_create_read_op, nullptr)          \
  F(rados_release_read_op, nullptr)         \
  F(rados_read_op_omap_get_vals2, nullptr)  \
  F(rados_read_op_exec_user_buf, nullptr)   \
  F(rados_read_op_operate, nullptr)         \
  F(rados_read_op_stat, nullptr)            \
  F(rados_read_op_checksum, nullptr)        \
  F(rados_omap_get_next2, nullptr)          \
  F(rados_omap_get_end, nullptr)

namespace rbdkit {

struct RadosApi {
#define RBDKIT_MEMBER(function, since) decltype(&::function) function = nullptr;
  RBDKIT_RADOS_FUNCTIONS(RBDKIT_MEMBER)
#undef RBDKIT_MEMBER
};

// Opens librados on the first call; later calls return at once. Any thread.
bool LoadRados(LibraryError* error);

// The table; only after LoadRados() returned true.
extern RadosApi rados_api;
inline const RadosApi& Rados() { return rados_api; }

// Calls `visit(name, present)` for every function of the table; only after LoadRados().
void VisitRados(void (*visit)(void* arg, const char* name, bool present), void* arg);

}  // namespace rbdkit

#endif  // RBDKIT_SYS_RADOS_H_
