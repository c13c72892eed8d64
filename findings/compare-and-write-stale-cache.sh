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
version=16.2.15+ds-0+deb12u2
for package in librbd1 librados2 ceph-mon ceph-osd ceph-common; do
  [ "$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)" = "$version" ] || wanted="${wanted:-} $package=$version"
done
if [ -n "${wanted:-}" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $wanted >/dev/null
fi
folder=$(mktemp -d)
stop() {
  for daemon in osd mon; do
    [ -s "$folder/$daemon.pid" ] && kill "$(cat "$folder/$daemon.pid")" 2>/dev/null && sleep 1
  done
  rm -rf "$folder"
}
trap stop EXIT
fsid=$(cat /proc/sys/kernel/random/uuid)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export CEPH_CONF="$folder/ceph.conf"
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = $folder
log file = $folder/\$name.log
admin socket = $folder/\$name.asok
auth cluster required = none
auth service required = none
auth client required = none
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd class dir = /usr/lib/x86_64-linux-gnu/rados-classes
osd objectstore = memstore
mon allow pool size one = true
[client]
log file =
admin socket =
[mon]
mon data = $folder/mon
[osd]
osd data = $folder/osd
CONF
mkdir "$folder/mon" "$folder/osd"
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$port]" "$folder/monmap" >/dev/null
ceph-mon -i a --mkfs --monmap "$folder/monmap" 2>/dev/null
ceph-mon -i a -f 2>/dev/null & echo $! >"$folder/mon.pid"
timeout 60 ceph osd new "$(cat /proc/sys/kernel/random/uuid | tee "$folder/uuid")" >/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$(cat "$folder/uuid")" 2>/dev/null
ceph-osd -i 0 -f 2>/dev/null & echo $! >"$folder/osd.pid"
timeout 60 ceph osd pool create rbd 8 2>/dev/null
timeout 60 rbd pool init rbd
seen=$(python3 - <<'PYTHON'
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
echo "$seen"
test "$seen" = "$(sed -n 's/^#   //p' "$0")"
