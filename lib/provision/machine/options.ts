/** This file says what a machine is made of, and checks it. */

import type { xml } from '../../libvirt/index.js'
import { cloudInitDisk } from '../cloud-init/disk.js'
import type { CloudInitOptions } from '../cloud-init/options.js'
import { checkPool, checkUserId, progressOptions } from '../libvirt/options.js'
import {
  checkBoolean,
  checkLine,
  checkOptions,
  checkProgress,
  invalid,
  type KnownOptions,
} from '../options.js'
import type { ProvisionOptions } from '../steps.js'
import { spec } from './images.js'

/**
 * A disk of a new machine: an image that is there, or with `from` or `size` one that is made.
 *
 * @since 0.1.0
 */
export interface MachineDisk {
  readonly pool: string
  readonly image: string
  /** Makes the image as a clone of this snapshot, which takes no space at first. `pool` is by default the disk's own. */
  readonly from?:
    | { readonly pool?: string | undefined; readonly image: string; readonly snapshot: string }
    | undefined
  /** Makes the image empty, with so many bytes. */
  readonly size?: number | bigint | undefined
  /** `'cdrom'`: an installation medium, which the machine only reads, and boots from when its disk does not boot. Default `'disk'`. */
  readonly device?: 'disk' | 'cdrom' | undefined
}

/**
 * What {@link createMachine} takes.
 *
 * @since 0.1.0
 */
export interface CreateMachineOptions extends ProvisionOptions {
  readonly name: string
  /** The memory in MiB (2^20 bytes). */
  readonly memoryMiB: number
  readonly vcpus: number
  /** The first is booted from. */
  readonly disks: readonly MachineDisk[]
  /** The id of the user whose key libvirt has, as `prepareLibvirt()` was given it: `'libvirt'`. */
  readonly user: string
  /** QEMU's machine type. Default `'q35'` on x86_64, elsewhere libvirt's. */
  readonly machineType?: string | undefined
  /** Default `'host-passthrough'` where the host has KVM, else libvirt's. */
  readonly cpu?: xml.DomainOptions['cpu']
  /** Default: libvirt's network `default`; `[]` is none. */
  readonly networks?: readonly xml.DomainInterface[] | undefined
  /** Default: none, for there is a serial console. */
  readonly graphics?: xml.DomainGraphics | undefined
  /** What the guest is told of itself, by a disk `<name>-cloud-init` in the pool of the first. Default: nothing, and no such disk. */
  readonly cloudInit?: CloudInitOptions | undefined
  /** Whether it is started. Default true. */
  readonly start?: boolean | undefined
}

const createOptions: KnownOptions<CreateMachineOptions> = {
  ...progressOptions,
  name: true,
  memoryMiB: true,
  vcpus: true,
  disks: true,
  user: true,
  machineType: true,
  cpu: true,
  networks: true,
  graphics: true,
  cloudInit: true,
  start: true,
}
const diskOptions: KnownOptions<MachineDisk> = {
  pool: true,
  image: true,
  from: true,
  size: true,
  device: true,
}
const parentOptions: KnownOptions<NonNullable<MachineDisk['from']>> = {
  pool: true,
  image: true,
  snapshot: true,
}

/** A snapshot with its pool. */
export interface Parent {
  readonly pool: string
  readonly image: string
  readonly snapshot: string
}

/** A disk of which all is known. */
export interface PlannedDisk {
  readonly pool: string
  readonly image: string
  readonly target: string
  readonly device: 'disk' | 'cdrom'
  /** Where the image comes from; `'there'`: it is one. */
  readonly of:
    | 'there'
    | { readonly size: number | bigint }
    | { readonly parent: Parent }
    | { readonly data: Buffer }
}

/** A machine of which all is known but what the host says. */
export interface Plan {
  readonly name: string
  readonly memoryMiB: number
  readonly vcpus: number
  readonly user: string
  readonly machineType: string | undefined
  readonly cpu: xml.DomainOptions['cpu']
  readonly networks: readonly xml.DomainInterface[]
  readonly graphics: xml.DomainGraphics | undefined
  readonly start: boolean
  readonly disks: readonly PlannedDisk[]
  /** The one of `disks` that is cloud-init's. */
  readonly cloudInit: PlannedDisk | undefined
}

function sizeOf(name: string, size: number | bigint): number | bigint {
  const right = typeof size === 'bigint' ? size > 0n : Number.isSafeInteger(size) && size > 0
  if (!right) throw invalid(name, 'must be a whole number of bytes, more than 0')
  return size
}

function parentOf(name: string, value: NonNullable<MachineDisk['from']>, pool: string): Parent {
  const given = checkOptions(name, value, parentOptions)
  return {
    pool: given.pool === undefined ? pool : checkPool(`${name}.pool`, given.pool),
    image: checkLine(`${name}.image`, given.image),
    snapshot: checkLine(`${name}.snapshot`, given.snapshot),
  }
}

function checkDisk(name: string, value: MachineDisk, letters: { disk: number; cdrom: number }): PlannedDisk {
  const { from, size, device = 'disk', ...given } = checkOptions(name, value, diskOptions)
  const pool = checkPool(`${name}.pool`, given.pool)
  const image = checkLine(`${name}.image`, given.image)
  if (device !== 'disk' && device !== 'cdrom') throw invalid(`${name}.device`, "must be 'disk' or 'cdrom'")
  if (from !== undefined && size !== undefined)
    throw invalid(`${name}.size`, 'does not go with from: a clone is as large as its snapshot')
  if (device === 'cdrom' && size !== undefined)
    throw invalid(`${name}.size`, 'does not go with a CD-ROM, which nobody can write')
  return {
    pool,
    image,
    target: nextTarget(device, letters),
    device,
    of:
      from !== undefined
        ? { parent: parentOf(`${name}.from`, from, pool) }
        : size !== undefined
          ? { size: sizeOf(`${name}.size`, size) }
          : 'there',
  }
}

/** Disks are virtio's, drives of CD-ROMs SATA's. */
function nextTarget(device: 'disk' | 'cdrom', letters: { disk: number; cdrom: number }): string {
  const letter = String.fromCharCode('a'.charCodeAt(0) + letters[device]++)
  return device === 'disk' ? `vd${letter}` : `sd${letter}`
}

/** Throws Node's own errors for what is not as it must be; what the document is made of is checked when it is built. */
export function checkCreateMachine(options: CreateMachineOptions): Plan {
  const given = checkOptions('options', options, createOptions)
  checkProgress(given)
  const name = checkLine('options.name', given.name)
  const user = checkUserId('options.user', given.user)
  if (!Array.isArray(given.disks) || given.disks.length === 0 || given.disks.length > 24)
    throw invalid('options.disks', 'must be a list of 1 to 24 disks')
  const letters = { disk: 0, cdrom: 0 }
  const disks = given.disks.map((disk: MachineDisk, i) => checkDisk(`options.disks[${i}]`, disk, letters))
  const { networks = [{ type: 'network', network: 'default' }] as const } = given
  if (!Array.isArray(networks)) throw invalid('options.networks', 'must be a list')
  let cloudInit: PlannedDisk | undefined
  if (given.cloudInit !== undefined) {
    const { pool } = disks[0] as PlannedDisk
    const data = cloudInitDisk(given.cloudInit)
    const device = 'cdrom'
    cloudInit = {
      pool,
      image: `${name}-cloud-init`,
      target: nextTarget(device, letters),
      device,
      of: { data },
    }
    disks.push(cloudInit)
  }
  const twice = disks.find((disk, i) => disks.findIndex((other) => spec(other) === spec(disk)) < i)
  if (twice !== undefined) throw invalid('options.disks', `the image ${spec(twice)} is there twice`)
  return {
    name,
    memoryMiB: given.memoryMiB as number,
    vcpus: given.vcpus as number,
    user,
    machineType: given.machineType,
    cpu: given.cpu,
    networks,
    graphics: given.graphics,
    start: checkBoolean('options.start', given.start, true),
    disks,
    cloudInit,
  }
}
