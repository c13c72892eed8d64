# Sourced by setup.sh and bench.sh, in the checkout's directory: the steps of which a set-up is made.

log=.rbdkit/setup.log

say() { printf 'setup: %s\n' "$*"; }

stop() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

# step <what> <command...>: runs quietly, tells how long it took; shows the output when it fails.
step() {
  local what=$1 started=$EPOCHREALTIME
  shift
  if ! "$@" >"$log" 2>&1; then
    show_log >&2
    stop "$what failed; the lines above are from $log"
  fi
  LC_ALL=C printf 'setup: %-34s %6.1f s\n' "$what" "$(seconds_since "$started")"
}

# build <what> <command...>: the same, with percentages while it runs: make's, or from ninja's counts.
build() {
  local what=$1 started=$EPOCHREALTIME
  shift
  if ! "$@" 2>&1 | tee "$log" | show_percentages; then
    show_log >&2
    stop "$what failed; the lines above are from $log"
  fi
  LC_ALL=C printf 'setup: %-34s %6.1f s\n' "$what" "$(seconds_since "$started")"
}

# On a terminal one line that counts up; elsewhere a line for every tenth.
show_percentages() {
  local line percent tenth=0
  while IFS= read -r line; do
    if [[ $line =~ ^\[\ *([0-9]+)%\] ]]; then
      percent=${BASH_REMATCH[1]}
    elif [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
    else
      continue
    fi
    if [ -t 1 ]; then
      printf '\rsetup: building %3d %%' "$percent"
    elif ((percent / 10 > tenth)); then
      tenth=$((percent / 10))
      say "building $percent %"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

# npm tells the reason first and then much else; compilers and apt tell it last.
show_log() {
  if [ "$(wc -l <"$log")" -le 60 ]; then
    cat "$log"
  else
    head -n 15 "$log"
    echo '[...]'
    tail -n 40 "$log"
  fi
}

seconds_since() {
  local now=$EPOCHREALTIME
  # Both are microseconds once the separator, which the locale chooses, is out.
  local us=$((${now//[.,]/} - ${1//[.,]/}))
  printf '%d.%06d' $((us / 1000000)) $((us % 1000000))
}

check_node() {
  command -v node >/dev/null || stop 'node is not installed; rbdkit needs Node 20.19 or newer'
  command -v npm >/dev/null || stop 'npm is not installed; it comes with Node, or as the package npm'
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    stop "node $(node --version) is too old; rbdkit needs Node 20.19 or newer"
}

check_system() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    stop 'this set-up is for Debian 12: it needs dpkg and apt-get'
  local architecture name
  architecture=$(dpkg --print-architecture)
  [ "$architecture" = amd64 ] || stop "this set-up is for amd64, as the guest disk is; this machine is $architecture"
  name=$(. /etc/os-release && echo "$ID $VERSION_ID")
  [ "$name" = 'debian 12' ] || say "made for Debian 12; this is $name: package names may differ"
}

# missing_packages <package...>: those of them that are not installed.
missing_packages() {
  local package status
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || true
    [ "$status" = installed ] || echo "$package"
  done
}

# install_packages <package...>: installs what is missing of them, or tells how.
install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0

  local install=(apt-get install --yes --no-install-recommends "${missing[@]}")
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      stop 'these packages are missing, and only root may install them. Run, then try again:' \
        "  sudo apt-get update && sudo ${install[*]}"
    fi
    as_root=(sudo -n)
  fi
  say "installing with apt-get: ${missing[*]}"
  # Without a terminal to ask on; waits for another apt instead of failing beside it.
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive)
  step 'apt-get update' "${apt[@]}" apt-get -o Acquire::Retries=3 update
  step 'apt-get install' "${apt[@]}" "${install[0]}" -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "${install[@]:1}"
}

# npm ci removes node_modules first, so it runs only when the lock file is another one than before.
install_npm_packages() {
  local stamp=node_modules/.rbdkit-lock wanted
  wanted=$(sha256sum <package-lock.json)
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  say 'installing npm packages into node_modules'
  step 'npm ci' npm ci --ignore-scripts --no-audit --no-fund
  echo "$wanted" >"$stamp"
}

# Headers that came with this Node spare node-gyp the download. The name is node-gyp's own: npm warns about others.
use_node_headers() {
  local prefix
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -f "$prefix/include/node/node_api.h" ]; then export npm_package_config_node_gyp_nodedir=$prefix; fi
}
