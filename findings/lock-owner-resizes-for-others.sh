#!/bin/sh
# librbd 16.2.15 (Debian 12: librbd1 16.2.15+ds-0+deb12u2), without rbdkit: who holds an image's exclusive lock in mode
# RBD_LOCK_MODE_EXCLUSIVE keeps others from writing: they get EROFS. Resizing, snapshots and metadata are not kept off:
# librbd of the lock's owner carries them out for whoever asks, and asks its own user nothing. Another client shrinks the image
# and makes it as large as before, with data lost, while the owner, which only reads, goes on holding the lock and finds
# size and handle as they were.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   the owner reads a at 524288, size 1048576
#   another process: write EROFS, create_snap done, metadata_set done, resize to 4096 done
#   the owner holds the lock: True, size 4096
#   another process: resize to 1048576 done
#   the owner holds the lock: True, size 1048576, reads 0 at 524288, snapshots 1
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
cat >"$folder/other.py" <<'PYTHON'
import errno, os, rados, rbd, sys

def tried(call, *arguments):
    try:
        call(*arguments)
        return 'done'
    except rbd.OSError as error:
        return errno.errorcode[error.errno]

with rados.Rados(conffile=os.environ['CEPH_CONF']) as cluster, cluster.open_ioctx('rbd') as ioctx:
    with rbd.Image(ioctx, 'disk') as image:
        size = int(sys.argv[1])
        seen = [f'resize to {size} {tried(image.resize, size)}']
        if size == 4096:
            seen[:0] = [f"write {tried(image.write, b'b' * 512, 0)}", f"create_snap {tried(image.create_snap, 'snapshot')}",
                        f"metadata_set {tried(image.metadata_set, 'key', 'value')}"]
        print('another process:', ', '.join(seen))
PYTHON
seen=$(timeout 120 python3 - "$folder/other.py" <<'PYTHON'
import os, rados, rbd, subprocess, sys

def other(size):
    run = subprocess.run([sys.executable, sys.argv[1], str(size)], stdout=subprocess.PIPE, check=True, text=True)
    print(run.stdout, end='')

with rados.Rados(conffile=os.environ['CEPH_CONF']) as cluster, cluster.open_ioctx('rbd') as ioctx:
    rbd.RBD().create(ioctx, 'disk', 1 << 20)
    with rbd.Image(ioctx, 'disk') as image:
        image.write(b'a' * 512, 524288)
        image.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)

        def read():
            return f"reads {image.read(524288, 1).decode().replace(chr(0), '0')} at 524288"

        print(f'the owner {read()}, size {image.size()}')
        other(4096)
        print(f'the owner holds the lock: {image.is_exclusive_lock_owner()}, size {image.size()}')
        other(1 << 20)
        print(f'the owner holds the lock: {image.is_exclusive_lock_owner()}, size {image.size()}, {read()}, '
              f'snapshots {len(list(image.list_snaps()))}')
PYTHON
)
settle "$seen"
