#!/bin/sh
# librbd 16.2.15 (Debian 12), 18.2.7 (13) and 20.2.4 (14): after a rollback the object map says "not changed since the
# last snapshot" of objects that have changed, where they had not between the snapshot that was gone back to and the one
# before. A fast diff from a snapshot made before the rollback to one made after it leaves them out; a diff that asks the
# OSDs has them. Whoever relies on fast diff loses them: `rbd diff --whole-object`, `rbd export-diff --whole-object`.
#
# Needs a cluster that may be written to (`ceph.conf` and a key as `rbd` finds them) and its pool, by default rbd; makes an
# image there and removes it. Without rbdkit. Seen:
#   exact: 0 4194304
#   by fast diff:
# Ends with 1 when both are the same.
set -eu
pool=${1:-rbd}
image=fast-diff-$$
run() { rbd --pool "$pool" "$@"; }
stop() {
  run snap purge --no-progress "$image" || true
  run rm --no-progress "$image" || true
}
write() { run bench --io-type write --io-pattern seq --io-size 4M --io-threads 1 --io-total 4M "$image" >/dev/null; }
extents() { run diff --from-snap between "$image@after" "$@" | awk 'NR > 1 { printf " %s %s", $1, $2 }'; }

run create --size 16M --image-feature layering,exclusive-lock,object-map,fast-diff "$image"
trap stop EXIT
write
run snap create --no-progress "$image@first"
run snap create --no-progress "$image@second" # nothing was written since the first
write
run snap create --no-progress "$image@between"
run snap rollback --no-progress "$image@second"
run snap create --no-progress "$image@after"
exact=$(extents)
fast=$(extents --whole-object)
echo "exact:$exact"
echo "by fast diff:$fast"
[ "$exact" != "$fast" ]
