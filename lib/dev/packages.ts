/** This file finds the programs that a local cluster or hypervisor needs, and names the package when one is missing. */

import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { DevError } from './errors.js'

/** Daemons live in `sbin`, which is not in every user's `PATH`. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin']

const PACKAGE_OF: Readonly<Record<string, string>> = {
  ceph: 'ceph-common',
  rbd: 'ceph-common',
  'ceph-authtool': 'ceph-common',
  monmaptool: 'ceph-base',
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
  libvirtd: 'libvirt-daemon',
  'qemu-system-x86_64': 'qemu-system-x86',
  unshare: 'util-linux',
  mount: 'mount',
  hostname: 'hostname',
}

/** A plug-in file that a package brings: there is no program to look for. */
interface Plugin {
  /** Directory below a library directory; plug-ins of a host that has no such directory are built in. */
  readonly directory: string
  readonly file: string
  readonly package: string
}

const HYPERVISOR_PLUGINS: readonly Plugin[] = [
  {
    directory: 'libvirt/connection-driver',
    file: 'libvirt_driver_qemu.so',
    package: 'libvirt-daemon-driver-qemu',
  },
  // a package of its own since libvirt 11 (trixie); before, libvirt-daemon has it
  {
    directory: 'libvirt/connection-driver',
    file: 'libvirt_driver_secret.so',
    package: 'libvirt-daemon-driver-secret',
  },
  {
    directory: 'libvirt/storage-backend',
    file: 'libvirt_storage_backend_rbd.so',
    package: 'libvirt-daemon-driver-storage-rbd',
  },
  { directory: 'qemu', file: 'block-rbd.so', package: 'qemu-block-extra' },
]

function findProgram(name: string): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => entry.startsWith('/'))
  for (const directory of [...path, ...SYSTEM_DIRECTORIES]) {
    const file = join(directory, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not here: the next directory
    }
  }
  return undefined
}

function libraryDirectories(): string[] {
  const multiarch = readdirSync('/usr/lib').filter((entry) => entry.includes('-linux-gnu'))
  return ['/usr/lib64', '/usr/lib', ...multiarch.map((entry) => join('/usr/lib', entry))]
}

function missingPlugins(plugins: readonly Plugin[]): string[] {
  const roots = libraryDirectories()
  return plugins
    .filter((plugin) => {
      const homes = roots.map((root) => join(root, plugin.directory)).filter((home) => existsSync(home))
      return homes.length > 0 && !homes.some((home) => existsSync(join(home, plugin.file)))
    })
    .map((plugin) => plugin.package)
}

function requireInstalled<Name extends string>(
  what: string,
  names: readonly Name[],
  plugins: readonly Plugin[],
): Record<Name, string> {
  const found: Partial<Record<Name, string>> = {}
  const lacking: string[] = []
  const packages: string[] = []
  for (const name of names) {
    const file = findProgram(name)
    if (file === undefined) {
      lacking.push(name)
      packages.push(PACKAGE_OF[name] ?? name)
    } else {
      found[name] = file
    }
  }
  packages.push(...missingPlugins(plugins))
  if (packages.length > 0) {
    const unique = [...new Set(packages)]
    const programs = lacking.length > 0 ? ` (not found: ${lacking.join(', ')})` : ''
    throw new DevError(
      'ERR_RBDKIT_MISSING_PACKAGE',
      `${what} needs ${unique.join(', ')}${programs}. Install with: apt-get install -y ${unique.join(' ')}`,
      { packages: unique },
    )
  }
  return found as Record<Name, string>
}

const CEPH_PROGRAMS = [
  ...(['ceph', 'rbd', 'ceph-authtool', 'monmaptool'] as const),
  ...(['ceph-mon', 'ceph-mgr', 'ceph-osd'] as const),
] as const

/** The programs of a Ceph cluster, by name. */
export type CephPrograms = Record<(typeof CEPH_PROGRAMS)[number], string>

/** The programs of a hypervisor, by name. */
export type HypervisorPrograms = Record<
  'libvirtd' | 'qemu-system-x86_64' | 'unshare' | 'mount' | 'hostname',
  string
>

/** Paths of Ceph's programs; throws `ERR_RBDKIT_MISSING_PACKAGE` with all packages that are missing. */
export function cephPrograms(): CephPrograms {
  return requireInstalled('A local Ceph', CEPH_PROGRAMS, [])
}

/** Paths of libvirt's and QEMU's programs; throws `ERR_RBDKIT_MISSING_PACKAGE` with all packages that are missing. */
export function hypervisorPrograms(): HypervisorPrograms {
  return requireInstalled(
    'A local hypervisor',
    ['libvirtd', 'qemu-system-x86_64', 'unshare', 'mount', 'hostname'],
    HYPERVISOR_PLUGINS,
  )
}
