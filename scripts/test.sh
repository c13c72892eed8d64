#!/usr/bin/env bash
# npm test: sets the machine up, then runs all tests, or those given (files, or groups such as "unit native").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/as-root.sh
bash scripts/setup.sh tests
as_root node build-scripts/run-tests.js "$@"
