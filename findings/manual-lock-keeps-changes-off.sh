#!/bin/sh
# rbd and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit: by its manual, rbd(8), "rbd lock add" is in the way
# of other such locks alone. That holds for an image without the feature exclusive-lock. With it, which is the default,
# the lock keeps librbd from taking its own, and rename, resize, snapshots and metadata fail with EROFS (status 30), which names
# no lock. It is there until somebody removes it: the command that made it has ended, and nobody watches the image. Then all
# of them succeed.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   layering, locked: snap create 0, resize 0, image-meta set 0, rename 0
#   layering,exclusive-lock, locked: snap create 30, resize 30, image-meta set 30, rename 30
#   rbd: rename error: (30) Read-only file system
#   watchers of the locked image: 0
#   layering,exclusive-lock, unlocked: snap create 0, resize 0, image-meta set 0, rename 0
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"

change() { # IMAGE
  echo "snap create $(status rbd snap create --no-progress "rbd/$1@snapshot")," \
    "resize $(status rbd resize --no-progress --size 2M "rbd/$1")," \
    "image-meta set $(status rbd image-meta set "rbd/$1" key value)," \
    "rename $(status rbd rename "rbd/$1" "rbd/$1-renamed")"
}

rbd create --size 1M --image-feature layering rbd/plain
rbd create --size 1M --image-feature layering --image-feature exclusive-lock rbd/disk
rbd lock add rbd/plain mine
rbd lock add rbd/disk mine
plain=$(change plain)
locked=$(change disk)
message=$(rbd rename rbd/disk rbd/disk-renamed 2>&1 || true)
watchers=$(rbd status rbd/disk --format json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["watchers"]))')
rbd lock rm rbd/disk mine "$(rbd lock ls rbd/disk --format json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["locker"])')"
settle "layering, locked: $plain
layering,exclusive-lock, locked: $locked
$message
watchers of the locked image: $watchers
layering,exclusive-lock, unlocked: $(change disk)"
