/**
 * This file writes the files of a private libvirtd: two configurations, and the program that gives it file systems of
 * its own.
 */

import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The paths inside a hypervisor's directory. */
export function hypervisorPaths(directory: string) {
  return {
    socket: join(directory, 'libvirt-sock'),
    adminSocket: join(directory, 'libvirt-admin-sock'),
    init: join(directory, 'init.sh'),
    libvirtdConf: join(directory, 'etc', 'libvirtd.conf'),
    pidFile: join(directory, 'run', 'libvirtd.pid'),
    logs: join(directory, 'log'),
  }
}

/** libvirt's compiled-in directories, and what takes their place inside our directory. */
const PRIVATE_DIRECTORIES = [
  ['/etc/libvirt', 'etc'],
  ['/var/lib/libvirt', 'lib'],
  ['/var/cache/libvirt', 'cache'],
  ['/var/log/libvirt', 'log'],
  ['/run/libvirt', 'run'],
] as const

/**
 * Runs as process 1 of a pid namespace, in a mount namespace: whatever is mounted is seen by libvirtd and its guests
 * only, and when it ends the kernel ends them all. A compiled-in directory that the host does not have is shown
 * without making it: its parent is rebuilt from bind mounts. The shell stays, because guests are orphans that
 * somebody must reap, or libvirt takes them for alive.
 */
const INIT_SCRIPT = `#!/bin/sh
set -eu
base=$1; host=$2; libvirtd=$3; shift 3

# an entry of a directory, shown in another one
show() {
  name=\${1##*/}
  if [ -L "$1" ]; then cp -P "$1" "$2/$name"
  elif [ -d "$1" ]; then mkdir -p "$2/$name"; mount -n --rbind "$1" "$2/$name"
  elif [ -e "$1" ]; then : > "$2/$name"; mount -n --bind "$1" "$2/$name"
  fi
}

replace() {
  if [ ! -d "$1" ]; then
    parent=\${1%/*}
    copy=$base/host\${parent}
    mkdir -p "$copy"
    mount -n --rbind "$parent" "$copy"
    mount -n -t tmpfs -o mode=0755 rbdkit "$parent"
    for entry in "$copy"/* "$copy"/.[!.]*; do show "$entry" "$parent"; done
    mkdir "$1"
  fi
  mount -n --bind "$2" "$1"
}

# adds a line to the private copy of a file in /etc, unless the pattern is there
add() {
  if ! grep -q "$2" "$1"; then
    copy=$base/\${1##*/}
    [ -e "$copy" ] || { cp "$1" "$copy"; mount -n --bind "$copy" "$1"; }
    echo "$3" >> "$copy"
  fi
}

hostname "$host"
add /etc/hosts "[[:space:]]$host$" "127.0.0.1 $host"
# libvirt asks for these accounts before it reads its configuration, which then names root
add /etc/passwd '^libvirt-qemu:' 'libvirt-qemu:x:0:0::/nonexistent:/usr/sbin/nologin'
add /etc/group '^libvirt-qemu:' 'libvirt-qemu:x:0:'
add /etc/group '^kvm:' 'kvm:x:0:'
while [ "$#" -gt 0 ]; do
  replace "$1" "$2"
  shift 2
done
"$libvirtd" --config "$base/etc/libvirtd.conf" --pid-file "$base/run/libvirtd.pid" &
wait $!
`

const QEMU_CONF = `# root needs no access to be given, and its files no owner to be remembered
user = "+0"
group = "+0"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
# guests' consoles go to their files directly, not through virtlogd
stdio_handler = "file"
`

function libvirtdConf(directory: string): string {
  const { logs } = hypervisorPaths(directory)
  return `unix_sock_dir = "${directory}"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0700"
unix_sock_admin_perms = "0700"
auth_unix_rw = "none"
auth_unix_ro = "none"
host_uuid = "${randomUUID()}"
log_outputs = "3:file:${join(logs, 'libvirtd.log')}"
`
}

/** Writes the files and resolves with the arguments of `unshare`. */
export async function writeHypervisorFiles(
  directory: string,
  hostName: string,
  libvirtd: string,
): Promise<string[]> {
  const paths = hypervisorPaths(directory)
  const mounts: string[] = []
  for (const [compiledIn, name] of PRIVATE_DIRECTORIES) {
    await mkdir(join(directory, name))
    mounts.push(compiledIn, join(directory, name))
  }
  await writeFile(paths.libvirtdConf, libvirtdConf(directory))
  await writeFile(join(directory, 'etc', 'qemu.conf'), QEMU_CONF)
  await writeFile(paths.init, INIT_SCRIPT)
  await chmod(paths.init, 0o700)
  const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc']
  return [...namespaces, '/bin/sh', paths.init, directory, hostName, libvirtd, ...mounts]
}
