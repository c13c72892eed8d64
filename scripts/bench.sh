#!/usr/bin/env bash
# npm run bench: sets the machine up (build, local Ceph, peers), then measures rbdkit beside its peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
source scripts/setup-steps.sh

mkdir -p .rbdkit
check_node
check_system
install_packages "${build_packages[@]}" "${ceph_packages[@]}" "${peer_packages[@]}"
install_npm_packages
use_node_headers
say 'building (the first time takes a minute or two)'
step 'npm run build' npm run build
# What the copies are compared with at the end: bare loops on librbd and the file system.
for program in copy compare; do
  step "bench/floor/$program.cc" g++ -O2 -std=c++17 -Wall -Wextra -o ".rbdkit/floor-$program" \
    "bench/floor/$program.cc" bench/floor/disk.cc -lrbd -lrados -pthread
done
step 'bench/floor/objects.cc' g++ -O2 -std=c++17 -Wall -Wextra -o .rbdkit/floor-objects bench/floor/objects.cc -lrados -pthread
exec node bench/main.mjs "$@"
