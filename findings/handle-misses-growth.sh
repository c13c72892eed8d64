#!/bin/sh
# librbd 16.2.15 (Debian 12: librbd1 16.2.15+ds-0+deb12u2), without rbdkit: a handle that is open when another client makes
# the image larger is told of it, but reads and writes are checked against the former size before the handle looks at the new
# one: past the former end they are EINVAL, however often they are tried, and a read across it gives fewer bytes, once. It
# looks when it is asked for the size, and for what is read or written before the former end; then all is right. The handle
# that asked for the resize is no better off when another holds the exclusive lock and so does the work: rbd_resize() has
# returned 0, and its own write to the new part is EINVAL.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   grown from 1 to 2 MiB by another client: read past the former end EINVAL, EINVAL, aio_read EINVAL, write EINVAL
#   2 seconds later: read past it EINVAL; across it 512 of 1024 bytes; across it again 1024; past it n
#   grown from 2 to 3 MiB by another client: read past the former end EINVAL; after size() is 3 MiB: past it n
#   the handle that asks, another holding the lock: resize to 4 MiB done, write there EINVAL, size() 4 MiB, write there done
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
seen=$(timeout 120 python3 - <<'PYTHON'
import errno, os, rados, rbd, threading, time

MIB = 1 << 20

def tried(call, *arguments):
    try:
        return call(*arguments)
    except rbd.OSError as error:
        return errno.errorcode[error.errno]

def done(result):
    return result if isinstance(result, str) else 'done'

with rados.Rados(conffile=os.environ['CEPH_CONF']) as mine, rados.Rados(conffile=os.environ['CEPH_CONF']) as others:
    with mine.open_ioctx('rbd') as ioctx, others.open_ioctx('rbd') as other_ioctx:
        rbd.RBD().create(ioctx, 'disk', MIB)
        with rbd.Image(ioctx, 'disk') as image:

            def grow(size):
                with rbd.Image(other_ioctx, 'disk') as other:
                    other.resize(size * MIB)
                    other.size()
                    other.write(b'n' * 512, (size - 1) * MIB)

            def past(size):
                read = tried(image.read, size * MIB, 512)
                return read if isinstance(read, str) else read[:1].decode()

            def across(size):
                return len(image.read(size * MIB - 512, 1024))

            def later_past(size):
                ended, result = threading.Event(), []

                def completed(completion, data):
                    result.append(completion.get_return_value())
                    ended.set()

                image.aio_read(size * MIB, 512, completed)
                ended.wait(60)
                return errno.errorcode[-result[0]] if result[0] < 0 else result[0]

            grow(2)
            print(f'grown from 1 to 2 MiB by another client: read past the former end {past(1)}, {past(1)}, '
                  f"aio_read {later_past(1)}, write {done(tried(image.write, b'w' * 512, MIB + 4096))}")
            time.sleep(2)
            print(f'2 seconds later: read past it {past(1)}; across it {across(1)} of 1024 bytes; '
                  f'across it again {across(1)}; past it {past(1)}')
            grow(3)
            print(f'grown from 2 to 3 MiB by another client: read past the former end {past(2)}; '
                  f'after size() is {image.size() // MIB} MiB: past it {past(2)}')
            image.write(b'o' * 512, 0)
            with rbd.Image(other_ioctx, 'disk') as other:
                asked = done(tried(other.resize, 4 * MIB))
                first = done(tried(other.write, b'n' * 512, 3 * MIB))
                print(f'the handle that asks, another holding the lock: resize to 4 MiB {asked}, write there {first}, '
                      f"size() {other.size() // MIB} MiB, write there {done(tried(other.write, b'n' * 512, 3 * MIB))}")
PYTHON
)
settle "$seen"
