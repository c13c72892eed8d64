// Functions of librbd that are newer than the headers of Ceph 16.2, with which rbdkit is built, and the
// structures they take: declarations of our own. Headers that have them declare the same functions; their
// structures are used then.
#ifndef RBDKIT_SYS_LATER_LIBRBD_H_
#define RBDKIT_SYS_LATER_LIBRBD_H_

#include <rbd/librbd.h>
#include <sys/uio.h>

extern "C" {

// Source: rbd/librbd.h of Ceph 18.2.7.
#ifndef LIBRBD_SUPPORTS_ENCRYPTION_LOAD2
typedef struct {
  rbd_encryption_format_t format;
  rbd_encryption_options_t opts;
  size_t opts_size;
} rbd_encryption_spec_t;
typedef struct {
  const char* passphrase;
  size_t passphrase_size;
} rbd_encryption_luks_format_options_t;
#endif
int rbd_encryption_load2(rbd_image_t image, const rbd_encryption_spec_t* specs, size_t spec_count);

// Source: rbd/librbd.h of Ceph 17.2.9.
ssize_t rbd_aio_compare_and_writev(rbd_image_t image, uint64_t off, const struct iovec* cmp_iov,
                                   int cmp_iovcnt, const struct iovec* iov, int iovcnt, rbd_completion_t c,
                                   uint64_t* mismatch_off, int op_flags);

// Source: rbd/librbd.h of Ceph 18.2.7.
int rbd_diff_iterate3(rbd_image_t image, uint64_t from_snap_id, uint64_t ofs, uint64_t len, uint32_t flags,
                      int (*cb)(uint64_t, size_t, int, void*), void* arg);

// Source: rbd/librbd.h of Ceph 19.2.1.
int rbd_clone4(rados_ioctx_t p_ioctx, const char* p_name, uint64_t p_snap_id, rados_ioctx_t c_ioctx,
               const char* c_name, rbd_image_options_t c_opts);
#if LIBRBD_VERSION_CODE < LIBRBD_VERSION(1, 19, 0)
typedef struct {
  rbd_snap_namespace_type_t original_namespace_type;
  char* original_name;
} rbd_snap_trash_namespace_t;
#endif
int rbd_snap_get_trash_namespace2(rbd_image_t image, uint64_t snap_id, rbd_snap_trash_namespace_t* trash_snap,
                                  size_t trash_snap_size);
int rbd_snap_trash_namespace_cleanup(rbd_snap_trash_namespace_t* trash_snap, size_t trash_snap_size);

// Source: rbd/librbd.h of Ceph 20.2.0.
#ifndef LIBRBD_SUPPORTS_GROUP_SNAP_GET_INFO
typedef enum { RBD_GROUP_SNAP_NAMESPACE_TYPE_USER = 0 } rbd_group_snap_namespace_type_t;
typedef struct {
  char* image_name;
  int64_t pool_id;
  uint64_t snap_id;
} rbd_group_image_snap_info_t;
typedef struct {
  char* id;
  char* name;
  char* image_snap_name;
  rbd_group_snap_state_t state;
  rbd_group_snap_namespace_type_t namespace_type;
  size_t image_snaps_count;
  rbd_group_image_snap_info_t* image_snaps;
} rbd_group_snap_info2_t;
#endif
// Values of rbd_mirror_mode_t and rbd_mirror_image_state_t.
#if LIBRBD_VERSION_CODE < LIBRBD_VERSION(1, 20, 0)
#define RBD_MIRROR_MODE_INIT_ONLY 3
#define RBD_MIRROR_IMAGE_CREATING 3
// Of rbd_lock_mode_t, since Ceph 20.2.1.
#define RBD_LOCK_MODE_EXCLUSIVE_TRANSIENT 2
#endif
int rbd_mirror_remote_namespace_get(rados_ioctx_t io_ctx, char* remote_namespace, size_t* max_len);
int rbd_mirror_remote_namespace_set(rados_ioctx_t io_ctx, const char* remote_namespace);
int rbd_group_get_id(rados_ioctx_t p, const char* group_name, char* group_id, size_t* size);
int rbd_group_snap_list2(rados_ioctx_t group_p, const char* group_name, rbd_group_snap_info2_t* snaps,
                         size_t* num_entries);
void rbd_group_snap_list2_cleanup(rbd_group_snap_info2_t* snaps, size_t num_entries);
int rbd_group_snap_get_info(rados_ioctx_t group_p, const char* group_name, const char* snap_name,
                            rbd_group_snap_info2_t* group_snap);
void rbd_group_snap_get_info_cleanup(rbd_group_snap_info2_t* group_snap);

// Source: rbd/librbd.h of Ceph 20.2.4.
int rbd_aio_write_with_crc32c(rbd_image_t image, uint64_t off, size_t len, const char* buf,
                              uint32_t precomputed_crc32c, rbd_completion_t c, int op_flags);

}  // extern "C"

#endif  // RBDKIT_SYS_LATER_LIBRBD_H_
