#!/usr/bin/env bash
# limited-network.sh RATE COMMAND...: runs a command, as root, in a network of its own that has no way out, where what
# comes from 127.0.0.2 has RATE (tc's, such as 1gbit), and what goes there as much; all else is not limited. Each
# direction counts its bytes, as the classes 1:20 and 1:30.
set -euo pipefail
rate=$1
shift
exec unshare --net bash -c '
  set -euo pipefail
  rate=$1
  shift
  ip link set lo up
  tc qdisc add dev lo root handle 1: htb default 10
  tc class add dev lo parent 1: classid 1:10 htb rate 100gbit quantum 60000
  for class in 20 30; do
    tc class add dev lo parent 1: classid 1:$class htb rate "$rate" burst 256k cburst 256k quantum 60000
  done
  tc filter add dev lo parent 1: protocol ip u32 match ip src 127.0.0.2/32 flowid 1:20
  tc filter add dev lo parent 1: protocol ip u32 match ip dst 127.0.0.2/32 flowid 1:30
  exec "$@"' limited-network "$rate" "$@"
