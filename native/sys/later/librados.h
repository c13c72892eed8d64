// Functions of librados that are newer than the headers of Ceph 16.2, with which rbdkit is built: prototypes
// of our own. Headers that have them declare the same.
#ifndef RBDKIT_SYS_LATER_LIBRADOS_H_
#define RBDKIT_SYS_LATER_LIBRADOS_H_

#include <rados/librados.h>

#include <ctime>

// Source: rados/librados.h of Ceph 18.2.0.
extern "C" int rados_stat2(rados_ioctx_t io, const char* o, uint64_t* psize, struct timespec* pmtime);

#endif  // RBDKIT_SYS_LATER_LIBRADOS_H_
