#!/bin/sh
# rbd and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit: a snapshot of a consistency group belongs to the
# images that were in the group when it was made, by their ids. When an image has left the group since, and another has joined
# under the name that it had, "rbd group snap rollback" succeeds: it changes the image that has left, and the one that is in
# the group stays as it is. Nothing is said of either.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   snapshot of the group with disk at a; then it is renamed former, at b, and another joins as disk, at c
#   the group has rbd/disk
#   rbd group snap rollback: status 0, message ''
#   disk begins with c, former with a
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"
rbd create --size 1M rbd/disk
put disk a 0
rbd group create rbd/group
rbd group image add rbd/group rbd/disk
rbd group snap create rbd/group@snapshot
rbd group image rm rbd/group rbd/disk
rbd rename rbd/disk rbd/former
put former b 0
rbd create --size 1M rbd/disk
put disk c 0
rbd group image add rbd/group rbd/disk
begins="snapshot of the group with disk at a; then it is renamed former, at $(first former)"
begins="$begins, and another joins as disk, at $(first disk)"
members=$(rbd group image ls rbd/group | tr -d " ")
if message=$(timeout 60 rbd group snap rollback --no-progress rbd/group@snapshot 2>&1); then status=0; else status=$?; fi
settle "$begins
the group has $members
rbd group snap rollback: status $status, message '$message'
disk begins with $(first disk), former with $(first former)"
