#!/usr/bin/env bash
# npm run test:roots -- trixie|forky [--cache DIRECTORY] [test file or group ...]
#
# Tries the binary that is built here, on Debian 12, with the Ceph, libvirt and QEMU of a newer Debian: builds a root of
# that release with debootstrap (3 GB, from this machine's own apt sources; kept in the cache directory, by default
# .rbdkit/roots), enters it by chroot, and runs the quickstart's job, every release of Node, and the tests given
# (default: cluster libvirt; several in one pair of quotes share a Ceph and a row) in it. Prints a table. Daemons listen
# on loopback, and end with this script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup-steps.sh

cache=.rbdkit/roots
tests=()
release=
while [ $# -gt 0 ]; do
  case $1 in
    trixie | forky) release=$1 ;;
    --cache) cache=${2:?--cache needs a directory} && shift ;;
    -*) stop "unknown option $1" ;;
    *) tests+=("$1") ;;
  esac
  shift
done
[ -n "$release" ] || stop 'which one? npm run test:roots -- trixie|forky [--cache DIRECTORY] [test file or group ...]'
[ ${#tests[@]} -gt 0 ] || tests=(cluster libvirt)
[ "$(id -u)" -eq 0 ] || stop 'this needs root: debootstrap, chroot and mounts'
source scripts/packages.sh
mkdir -p "$cache" .rbdkit/package .rbdkit/nodes .tap
cache=$(realpath "$cache")
root=$cache/$release
work=$cache/$release.work
checkout=$PWD

# in_root <command...>: in the root, with the host's /dev, a /proc of its own, this checkout at its own path, and with
# .rbdkit and .tap that are not the checkout's. When the first process ends, the kernel ends and unmounts the rest.
in_root() {
  mkdir -p "$work/rbdkit/package" "$work/rbdkit/nodes" "$work/tap" "$root$checkout" "$root/usr/local/bin"
  touch "$root/usr/local/bin/node"
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 work=$2 checkout=$3 node=$4
    shift 4
    mount --bind "$root" "$root" # a mount point, or unshare cannot be used inside
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t proc proc "$root/proc"
    mount --bind "$node" "$root/usr/local/bin/node"
    mount --bind "$checkout" "$root$checkout"
    mount --bind "$work/rbdkit" "$root$checkout/.rbdkit"
    mount --bind "$work/tap" "$root$checkout/.tap"
    for kept in package nodes; do mount --bind "$checkout/.rbdkit/$kept" "$root$checkout/.rbdkit/$kept"; done
    exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -euc "cd \"\$1\" && shift && exec \"\$@\"" sh "$checkout" "$@"
  ' bash "$root" "$work" "$checkout" "$(node -p process.execPath)" "$@"
}

# The archive this machine itself installs from, and its key ring.
archive() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -n 1
}

make_root() {
  local mirror script=$release
  mirror=$(archive)
  [ -n "$mirror" ] || stop "apt has no Debian archive in its sources, or no lists: run 'apt-get update'"
  [ -e "/usr/share/debootstrap/scripts/$release" ] || script=sid
  # What was interrupted is never taken for a root; what debootstrap mounts ends with it.
  rm -rf "$root" "$root.new"
  step "debootstrap $release" unshare --mount debootstrap --variant=minbase --include=ca-certificates \
    "$release" "$root.new" "$mirror" "/usr/share/debootstrap/scripts/$script"
  echo "deb $mirror $release main" >"$root.new/etc/apt/sources.list"
  # proxies and the like
  apt-config dump | grep -iE '^Acquire::(https?|check-|retries).* ".+";' >"$root.new/etc/apt/apt.conf.d/90host" || true
  mv "$root.new" "$root"
}

# The root is made once; packages are brought up to the list each time.
prepare_root() {
  install_packages debootstrap
  [ -e "$root/etc/apt/sources.list" ] || make_root
  # nothing starts by being installed
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  local wanted=("${daemon_packages[@]}" "${guest_packages[@]}" "${peer_packages[@]}" gcc libc6-dev strace python3 rbd-mirror)
  local stamp=$root/var/lib/rbdkit-packages
  [ "$(cat "$stamp" 2>/dev/null)" != "${wanted[*]}" ] || return 0
  step "apt-get update in $release" in_root apt-get update
  step "apt-get install in $release" in_root apt-get install --yes --no-install-recommends "${wanted[@]}"
  echo "${wanted[*]}" >"$stamp"
}

check_node
prepare_root
[ -e dist/index.js ] || stop 'npm run build comes first'
step 'compile scripts' node_modules/.bin/tsc -p scripts/tsconfig.json
step 'the package, as npm has it' flock .rbdkit/package.lock node test/package/prepare.mjs
for major in 20 22 24 26; do step "Node $major" node scripts/roots/node.mjs "$major"; done
say "in the root, with its output in $work/output.log"
rm -f "$work/rbdkit/roots.table"
in_root bash scripts/roots/inside.sh "${tests[@]}" 2>&1 | tee "$work/output.log" | grep --line-buffered '^roots: ' || true
[ -s "$work/rbdkit/roots.table" ] || stop "nothing came of it; see $work/output.log"
echo
column -t -s '|' -o '|' "$work/rbdkit/roots.table"
! grep -q '| *failed *|' "$work/rbdkit/roots.table"
