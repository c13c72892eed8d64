#!/usr/bin/env bash
# npm run quickstart: sets the machine up, then does the main job on a Ceph and a libvirtd of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh
exec node build-scripts/quickstart.js
