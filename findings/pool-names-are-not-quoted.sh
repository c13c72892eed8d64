#!/bin/sh
# librados and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit: rados_application_enable(), and with it
# rbd_pool_init(), put the pool's name into the JSON of a monitor command as it is. So a name with a quotation mark or a backslash
# is not understood. "rbd pool init" says so on stderr, and ends with 0 nevertheless.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   a plain pool: status 0, applications: rbd
#   a "quoted" pool: status 0, applications: none
#   a back\slash: status 0, applications: none
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"

look() { # POOL
  ceph osd pool create "$1" 1 >/dev/null 2>&1
  printf '%s: status %s, applications: ' "$1" "$(status rbd pool init "$1")"
  if ceph osd pool application get "$1" 2>/dev/null | grep -q '"rbd"'; then echo rbd; else echo none; fi
}

settle "$(look 'a plain pool')
$(look 'a "quoted" pool')
$(look 'a back\slash')"
