// Functions of librados that are newer than the headers of Ceph 16.2, with which rbdkit is built: prototypes
// of our own. Headers that have them declare the same.
#ifndef RBDKIT_SYS_LATER_LIBRADOS_H_
#define RBDKIT_SYS_LATER_LIBRADOS_H_

#include <rados/librados.h>

#include <ctime>

extern "C" {

// Source: rados/librados.h of Ceph 20.2.0: a value of its enum of hints.
#define LIBRADOS_ALLOC_HINT_FLAG_LOG 1024

// Source: rados/librados.h of Ceph 18.2.7.
int rados_stat2(rados_ioctx_t io, const char* o, uint64_t* psize, struct timespec* pmtime);
int rados_aio_stat2(rados_ioctx_t io, const char* o, rados_completion_t completion, uint64_t* psize,
                    struct timespec* pmtime);
void rados_read_op_stat2(rados_read_op_t read_op, uint64_t* psize, struct timespec* pmtime, int* prval);
int rados_aio_write_op_operate2(rados_write_op_t write_op, rados_ioctx_t io, rados_completion_t completion,
                                const char* oid, struct timespec* mtime, int flags);

}  // extern "C"

#endif  // RBDKIT_SYS_LATER_LIBRADOS_H_
