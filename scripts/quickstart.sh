#!/usr/bin/env bash
# npm run quickstart: sets the machine up, then does the main job on a Ceph and a libvirtd of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/as-root.sh
bash scripts/setup.sh
as_root node build-scripts/quickstart.js
