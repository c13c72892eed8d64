#!/bin/sh
# librbd 16.2.15 (Debian 12: librbd1 16.2.15+ds-0+deb12u2), without rbdkit: rbd_snap_create() in a pool that is at its quota,
# on an I/O context that is to be refused rather than held up (rados_set_osdmap_full_try()), returns 0 when the object with
# the snapshot's object map could not be written. The snapshot is whole and listed, but rbd_open() with its name is ENOENT, as
# if there were none, also when the pool has room again. To open the image and then call rbd_snap_set() works, which is what
# "rbd export" does; "rbd object-map rebuild" of the snapshot mends it.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   in a pool with room: create_snap done, has an object map, open by name reads a
#   in a pool at its quota: write EDQUOT, create_snap done, has no object map
#   with room again: listed before and after, open by name ENOENT, opened first and then set to it reads a
#   rbd export of it: status 0
#   rbd object-map rebuild of it: status 0, has an object map, open by name reads a
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
start_manager
export PYTHONPATH="$folder/python"
mkdir "$PYTHONPATH"
cat >"$PYTHONPATH/finding.py" <<'PYTHON'
import errno, os, rados, rbd

cluster = rados.Rados(conffile=os.environ['CEPH_CONF'])
cluster.connect()
ioctx = cluster.open_ioctx('rbd')
ioctx.set_osdmap_full_try()

def tried(call, *arguments):
    try:
        return call(*arguments)
    except rbd.OSError as error:
        return errno.errorcode[error.errno]

def done(result):
    return result if isinstance(result, str) else 'done'

def object_map(name):
    with rbd.Image(ioctx, 'disk') as image:
        number = next(snapshot['id'] for snapshot in image.list_snaps() if snapshot['name'] == name)
        key = f'rbd_object_map.{image.id()}.{number:016x}'
    try:
        ioctx.stat(key)
        return 'has an object map'
    except rados.ObjectNotFound:
        return 'has no object map'

def open_by_name(name):
    def read():
        with rbd.Image(ioctx, 'disk', snapshot=name, read_only=True) as image:
            return f'reads {image.read(0, 1).decode()}'

    return f'open by name {tried(read)}'
PYTHON
rbd create --size 8M rbd/disk
put disk a 0
before=$(timeout 60 python3 - <<'PYTHON'
from finding import *

with rbd.Image(ioctx, 'disk') as image:
    created = done(tried(image.create_snap, 'before'))
print(f"create_snap {created}, {object_map('before')}, {open_by_name('before')}")
PYTHON
)
ceph osd pool set-quota rbd max_objects 1 2>/dev/null
full() {
  timeout 60 ceph osd pool ls detail --format json | grep -q full_quota
}
for _ in $(seq 60); do full && break; sleep 2; done
full
created=$(timeout 60 python3 - <<'PYTHON'
from finding import *

with rbd.Image(ioctx, 'disk') as image:
    written = done(tried(image.write, b'a' * 512, 4 << 20))
    created = done(tried(image.create_snap, 'after'))
print(f"write {written}, create_snap {created}, {object_map('after')}")
PYTHON
)
ceph osd pool set-quota rbd max_objects 0 2>/dev/null
for _ in $(seq 60); do full || break; sleep 2; done
opened=$(timeout 60 python3 - <<'PYTHON'
from finding import *

by_name = open_by_name('after')
with rbd.Image(ioctx, 'disk', read_only=True) as image:
    listed = ' and '.join(snapshot['name'] for snapshot in image.list_snaps())
    image.set_snap('after')
    print(f'listed {listed}, {by_name}, opened first and then set to it reads {image.read(0, 1).decode()}')
PYTHON
)
exported=$(status rbd export --no-progress rbd/disk@after "$folder/exported")
rebuilt=$(status rbd object-map rebuild --no-progress rbd/disk@after)
mended=$(timeout 60 python3 -c "from finding import *; print(object_map('after') + ', ' + open_by_name('after'))")
settle "in a pool with room: $before
in a pool at its quota: $created
with room again: $opened
rbd export of it: status $exported
rbd object-map rebuild of it: status $rebuilt, $mended"
