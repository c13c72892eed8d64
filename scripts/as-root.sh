# Sourced. as_root <command...>: the local libvirtd needs root (a mount namespace of its own).
as_root() {
  if [ "$(id -u)" -eq 0 ]; then exec "$@"; fi
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo 'The local libvirtd needs root: run this as root, or where sudo asks for no password.' >&2
    return 1
  fi
  local status=0
  sudo -n env "PATH=$PATH" "$@" || status=$?
  # What root made in the checkout goes to its owner.
  local made
  for made in .rbdkit .tap; do
    if [ -e "$made" ]; then sudo -n chown -R "$(id -u):$(id -g)" "$made"; fi
  done
  return "$status"
}
