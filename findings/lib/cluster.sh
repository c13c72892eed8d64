# Sourced by the findings, not run: Ceph 16.2.15 as Debian 12 packages it, and a monitor and an OSD of the finding's own, on
# loopback, in a temporary folder. All of it ends and goes when the finding's shell ends. Gives:
#   $folder       the temporary folder
#   $CEPH_CONF    the configuration of that cluster, for its tools and libraries; it has a pool "rbd"
#   start_manager starts a manager as well, without modules; no pool ever reaches its quota without one
#   put, first    write a sector of one letter to an image, and say with which letter an image or a snapshot begins
#   status        runs a command without its messages and says its exit status
#   settle TEXT   prints what was seen, and ends with 1 unless it is what the finding's head has after "#   "
# Needs root and python3. Every finding starts with "set -eu".
version=16.2.15+ds-0+deb12u2
unset CEPH_ARGS
# The packages' own commands and Python come first: the bindings belong to that Python.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

# Installs those of the packages that are not there in that version.
need() {
  wanted=
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)" = "$version" ] || wanted="$wanted $package=$version"
  done
  [ -n "$wanted" ] || return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $wanted >/dev/null
}

# Ends the daemons, which this shell has started, and waits for their end.
stop() {
  for daemon in mgr osd mon; do
    [ -s "$folder/$daemon.pid" ] || continue
    kill "$(cat "$folder/$daemon.pid")" 2>/dev/null || true
    wait "$(cat "$folder/$daemon.pid")" 2>/dev/null || true
  done
  rm -rf "$folder"
}

start_manager() {
  need ceph-mgr
  mkdir "$folder/mgr" "$folder/modules"
  ceph-mgr -i a -f >/dev/null 2>&1 & echo $! >"$folder/mgr.pid"
}

put() { # IMAGE LETTER OFFSET
  timeout 60 python3 - "$@" <<'PYTHON'
import os, rados, rbd, sys

with rados.Rados(conffile=os.environ['CEPH_CONF']) as cluster, cluster.open_ioctx('rbd') as ioctx:
    with rbd.Image(ioctx, sys.argv[1]) as image:
        image.write(sys.argv[2].encode() * 512, int(sys.argv[3]))
PYTHON
}

first() { # IMAGE or IMAGE@SNAPSHOT
  rm -f "$folder/first"
  timeout 60 rbd export --no-progress "rbd/$1" "$folder/first" 2>/dev/null
  head -c 1 "$folder/first"
}

status() {
  if timeout 60 "$@" >/dev/null 2>&1; then echo 0; else echo $?; fi
}

settle() {
  printf '%s\n' "$1"
  test "$1" = "$(sed -n 's/^#   //p' "$0")"
}

need librbd1 librados2 ceph-mon ceph-osd ceph-common python3-rados python3-rbd
folder=$(mktemp -d)
trap stop EXIT
trap 'exit 1' HUP INT TERM
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
[mgr]
mgr data = $folder/mgr
mgr module path = $folder/modules
[osd]
osd data = $folder/osd
CONF
mkdir "$folder/mon" "$folder/osd"
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$port]" "$folder/monmap" >/dev/null
ceph-mon -i a --mkfs --monmap "$folder/monmap" 2>/dev/null
ceph-mon -i a -f 2>/dev/null & echo $! >"$folder/mon.pid"
timeout 60 ceph osd new "$(cat /proc/sys/kernel/random/uuid | tee "$folder/uuid")" >/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$(cat "$folder/uuid")" 2>/dev/null
ceph-osd -i 0 -f >/dev/null 2>&1 & echo $! >"$folder/osd.pid"
timeout 60 ceph osd pool create rbd 8 2>/dev/null
timeout 60 rbd pool init rbd
