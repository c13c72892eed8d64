#!/bin/sh
# rbd and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit; 18.2.7 (Debian 13) and 20.2.4 (14) showed the same.
# A diff of whole objects, which is answered by the object map, leaves out what a rollback has changed. The map says of an
# object "as it was at the snapshot before"; a rollback brings back the map of the snapshot that it goes back to, with what
# was true then. So between a snapshot made before the rollback and one made after it nothing has changed, for
# `rbd diff --whole-object` and `rbd export-diff --whole-object`. A diff of the bytes asks the OSDs, and has it.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   by the byte: 0 4194304
#   by the object map:
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"

write() { rbd bench --io-type write --io-pattern seq --io-size 4M --io-threads 1 --io-total 4M rbd/disk >/dev/null; }
rbd create --size 16M --image-feature layering,exclusive-lock,object-map,fast-diff rbd/disk
write
rbd snap create --no-progress rbd/disk@first
rbd snap create --no-progress rbd/disk@second # nothing was written since the first
write
rbd snap create --no-progress rbd/disk@between
rbd snap rollback --no-progress rbd/disk@second
rbd snap create --no-progress rbd/disk@after
changed() {
  rbd diff --from-snap between rbd/disk@after "$@" | awk 'NR > 1 { printf " %s %s", $1, $2 }'
}
settle "by the byte:$(changed)
by the object map:$(changed --whole-object)"
