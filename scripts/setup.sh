#!/usr/bin/env bash
# Brings a Debian 12 machine that has Node and npm to where the quickstart and the tests run: system packages,
# npm packages, the build. Does only what is missing; safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
source scripts/setup-steps.sh

mkdir -p .rbdkit
check_node
check_system
packages=("${build_packages[@]}" "${daemon_packages[@]}" "${guest_packages[@]}")
if [ "${1:-}" = tests ]; then packages+=("${test_packages[@]}"); fi
install_packages "${packages[@]}"
install_npm_packages
use_node_headers
say 'building (the first time takes some minutes)'
build 'npm run build' npm run build
step 'compile scripts' node_modules/.bin/tsc -p scripts/tsconfig.json
