#!/bin/sh
# rbd and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit: an import-only migration from a snapshot of an image
# begins with what the snapshot has. "rbd migration execute" then copies to the head of the new image what was written to the
# source behind that snapshot, before or after "rbd migration prepare". The snapshot of the new image stays right. So the new
# image is what no moment of the source was, when that is written meanwhile.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   prepared: the new image begins with a, its snapshot with a
#   executed: the new image begins with b, its snapshot with a
#   committed: the new image begins with b, its snapshot with a
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"

look() { # WHEN
  echo "$1: the new image begins with $(first target), its snapshot with $(first target@snapshot)"
}

rbd create --size 4M --object-size 1M rbd/source
put source a 0
rbd snap create --no-progress rbd/source@snapshot
put source b 0
spec='{"type": "native", "pool_name": "rbd", "image_name": "source", "snap_name": "snapshot"}'
rbd migration prepare --import-only --source-spec "$spec" rbd/target >/dev/null 2>&1
prepared=$(look prepared)
rbd migration execute --no-progress rbd/target >/dev/null 2>&1
executed=$(look executed)
rbd migration commit --no-progress rbd/target >/dev/null 2>&1
settle "$prepared
$executed
$(look committed)"
