#!/bin/sh
# librbd 16.2.15 (Debian 12: librbd1 16.2.15+ds-0+deb12u2), without rbdkit: a handle that has never called rbd_lock_acquire()
# takes the exclusive lock for its writes by itself, and passes it on to who asks. rbd_lock_acquire() ends both, and
# rbd_lock_release() does not bring them back: writes of that handle are EROFS from then on, whether or not anybody else has the
# lock. A new handle of the same client writes. A change that needs the lock, such as a snapshot, takes it for the old handle
# after all, which then writes again, and does not pass it on: now all others are EROFS.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   never acquired: write done, then another client: write done, then write done
#   acquired and released: owners 0, write EROFS, write EROFS
#   another client: write done; closed: owners 0, write EROFS
#   another handle of the same client: write done
#   create_snap done: owners 1, write done; another client: write EROFS
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
seen=$(timeout 120 python3 - <<'PYTHON'
import errno, os, rados, rbd

def tried(call, *arguments):
    try:
        call(*arguments)
        return 'done'
    except rbd.OSError as error:
        return errno.errorcode[error.errno]

def write(image):
    return f"write {tried(image.write, b'a' * 512, 0)}"

def new_handle(ioctx):
    with rbd.Image(ioctx, 'disk') as image:
        return write(image)

def owners(image):
    return f'owners {len(list(image.lock_get_owners()))}'

with rados.Rados(conffile=os.environ['CEPH_CONF']) as mine, rados.Rados(conffile=os.environ['CEPH_CONF']) as others:
    with mine.open_ioctx('rbd') as ioctx, others.open_ioctx('rbd') as other_ioctx:
        rbd.RBD().create(ioctx, 'disk', 1 << 20)
        with rbd.Image(ioctx, 'disk') as image:
            print(f'never acquired: {write(image)}, then another client: {new_handle(other_ioctx)}, then {write(image)}')
            image.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)
            image.lock_release()
            print(f'acquired and released: {owners(image)}, {write(image)}, {write(image)}')
            print(f'another client: {new_handle(other_ioctx)}; closed: {owners(image)}, {write(image)}')
            print(f'another handle of the same client: {new_handle(ioctx)}')
            print(f"create_snap {tried(image.create_snap, 'snapshot')}: {owners(image)}, {write(image)}; "
                  f'another client: {new_handle(other_ioctx)}')
PYTHON
)
settle "$seen"
