#!/bin/sh
# librbd 16.2.15 (Debian 12: librbd1 16.2.15+ds-0+deb12u2), without rbdkit: with rbd_cache_policy writeback or
# writethrough a handle reads from its cache what was there before its own compare-and-write. Another handle reads the new
# bytes, as does this one after rbd_invalidate_cache(). With writearound, the default, and without a cache it is right;
# librbd 18.2.7 and 20.2.4 are right with each of them.
#
# Needs root and python3; installs those packages of that version and starts a monitor and an OSD of its own, on loopback,
# in a temporary folder. Seen:
#   writeback: written a, compared and written b; read a, after rbd_invalidate_cache b
#   writethrough: written a, compared and written b; read a, after rbd_invalidate_cache b
#   writearound: written a, compared and written b; read b, after rbd_invalidate_cache b
#   none: written a, compared and written b; read b, after rbd_invalidate_cache b
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
seen=$(timeout 300 python3 - <<'PYTHON'
import ctypes as c, os

rados, rbd = c.CDLL('librados.so.2'), c.CDLL('librbd.so.1')
sector, size = 512, c.c_uint64(8 << 20)

def check(result, call):
    if result < 0:
        raise OSError(-result, call)
    return result

def read(image):
    buffer = c.create_string_buffer(sector)
    check(rbd.rbd_read(image, c.c_uint64(0), c.c_size_t(sector), buffer), 'rbd_read')
    return buffer.raw[:1].decode()

for policy in ('writeback', 'writethrough', 'writearound', 'none'):
    cluster, ioctx, image = c.c_void_p(), c.c_void_p(), c.c_void_p()
    check(rados.rados_create(c.byref(cluster), b'admin'), 'rados_create')
    check(rados.rados_conf_read_file(cluster, os.environ['CEPH_CONF'].encode()), 'rados_conf_read_file')
    check(rados.rados_conf_set(cluster, b'rbd_cache', b'false' if policy == 'none' else b'true'), 'rbd_cache')
    if policy != 'none':
        check(rados.rados_conf_set(cluster, b'rbd_cache_policy', policy.encode()), 'rbd_cache_policy')
    check(rados.rados_connect(cluster), 'rados_connect')
    check(rados.rados_ioctx_create(cluster, b'rbd', c.byref(ioctx)), 'rados_ioctx_create')
    name, order = f'stale-cache-{os.getpid()}-{policy}'.encode(), c.c_int(22)
    check(rbd.rbd_create(ioctx, name, size, c.byref(order)), 'rbd_create')
    check(rbd.rbd_open(ioctx, name, c.byref(image), None), 'rbd_open')
    try:
        old, new, mismatch = b'a' * sector, b'b' * sector, c.c_uint64()
        check(rbd.rbd_write(image, c.c_uint64(0), c.c_size_t(sector), old), 'rbd_write')
        check(rbd.rbd_compare_and_write(image, c.c_uint64(0), c.c_size_t(sector), old, new, c.byref(mismatch), 0),
              'rbd_compare_and_write')
        before = read(image)
        check(rbd.rbd_invalidate_cache(image), 'rbd_invalidate_cache')
        print(f'{policy}: written a, compared and written b; read {before}, after rbd_invalidate_cache {read(image)}')
    finally:
        rbd.rbd_close(image)
        rbd.rbd_remove(ioctx, name)
        rados.rados_ioctx_destroy(ioctx)
        rados.rados_shutdown(cluster)
PYTHON
)
settle "$seen"
