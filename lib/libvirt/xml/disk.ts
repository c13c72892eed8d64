/** This file builds the disk part of a domain document (libvirt: formatdomain, "Hard drives, floppy disks, CDROMs"). */

import { invalidArgValue, type Known, toBoolean, toOneOf, toText } from '../../internal/validate.js'
import { format, XmlElement } from './element.js'
import {
  type CephAuth,
  cephAuth,
  type DiskEncryption,
  defined,
  encryptionElement,
  type Monitor,
  monitorHosts,
  readAuth,
  readEncryption,
  readInteger,
  readMonitors,
  textElement,
  toInteger,
  toObject,
  toPath,
  toRbdName,
  toToken,
} from './fields.js'
import { parseRoot, XmlError } from './parse.js'

const BUSES = ['virtio', 'scsi', 'ide', 'sata', 'usb', 'fdc', 'xen'] as const
const CACHES = ['default', 'none', 'writeback', 'writethrough', 'directsync', 'unsafe'] as const
const IOS = ['threads', 'native', 'io_uring'] as const
const DISCARDS = ['unmap', 'ignore'] as const

/** How the guest is attached to the disk. @since 0.1.0 */
export type DiskBus = (typeof BUSES)[number]
/** The host's cache mode. @since 0.1.0 */
export type DiskCache = (typeof CACHES)[number]
/** How QEMU waits for the disk. @since 0.1.0 */
export type DiskIo = (typeof IOS)[number]
/** What becomes of the guest's discards. @since 0.1.0 */
export type DiskDiscard = (typeof DISCARDS)[number]

/**
 * Where the guest sees the disk, when that must not change (a guest that knows its disks by their slot).
 *
 * @since 0.1.0
 */
export type DiskAddress =
  | {
      readonly type: 'pci'
      readonly domain: number
      readonly bus: number
      readonly slot: number
      readonly function: number
    }
  | {
      readonly type: 'drive'
      readonly controller: number
      readonly bus: number
      readonly target?: number
      readonly unit: number
    }

/**
 * What every disk has.
 *
 * @since 0.1.0
 */
export interface DiskOptions {
  /** The device's name, unique in the domain and a hint to the guest: `vda`, `sdb`, `hdc`. */
  readonly target: string
  /** Default by the target: `vd` virtio, `sd` scsi, `hd` ide, `fd` fdc, `xvd` xen. */
  readonly bus?: DiskBus | undefined
  readonly cache?: DiskCache | undefined
  readonly io?: DiskIo | undefined
  readonly discard?: DiskDiscard | undefined
  readonly readonly?: boolean | undefined
  /** Letters, digits, blank and `_ . + -`; a virtio guest sees the first 20. */
  readonly serial?: string | undefined
  /** The place in the order of booting, from 1. Not together with the domain's own `boot`. */
  readonly bootOrder?: number | undefined
  readonly address?: DiskAddress | undefined
  /** libvirt keeps only those that begin with `ua-`, and makes its own otherwise. */
  readonly alias?: string | undefined
}

/**
 * What {@link rbdDisk} takes.
 *
 * @since 0.1.0
 */
export interface RbdDiskOptions extends DiskOptions {
  readonly pool: string
  /** libvirt 11.6 or newer: older ones take the document and then look for an image of that longer name. */
  readonly namespace?: string | undefined
  readonly image: string
  /** Makes the disk read-only. */
  readonly snapshot?: string | undefined
  /** Absent or empty: QEMU takes them from `configFile`, or from its host's `ceph.conf`. */
  readonly monitors?: readonly Monitor[] | undefined
  /** Absent: without authentication, or as `configFile` says. */
  readonly auth?: CephAuth | undefined
  /** A `ceph.conf` on the host of QEMU, absolute. */
  readonly configFile?: string | undefined
  /** Absent: the guest has the image's bytes as they are. */
  readonly encryption?: DiskEncryption | undefined
}

/**
 * What {@link fileDisk} takes.
 *
 * @since 0.1.0
 */
export interface FileDiskOptions extends DiskOptions {
  /** On the host of QEMU, absolute. */
  readonly path: string
  /** Default `raw`. It is never probed: a guest could write a qcow2 header that names any file of the host. */
  readonly format?: 'raw' | 'qcow2' | undefined
  /** Default `disk`; a `cdrom` is read-only. */
  readonly device?: 'disk' | 'cdrom' | undefined
}

const pciAddress: Known<Extract<DiskAddress, { type: 'pci' }>> = {
  type: true,
  domain: true,
  bus: true,
  slot: true,
  function: true,
}
const driveAddress: Known<Extract<DiskAddress, { type: 'drive' }>> = {
  type: true,
  controller: true,
  bus: true,
  target: true,
  unit: true,
}
const diskOptions: Known<DiskOptions> = {
  target: ['dev'],
  bus: true,
  cache: true,
  io: true,
  discard: true,
  readonly: true,
  serial: true,
  bootOrder: ['boot'],
  address: true,
  alias: true,
}
const rbdDiskOptions: Known<RbdDiskOptions> = {
  ...diskOptions,
  pool: true,
  namespace: true,
  image: ['name', 'volume'],
  snapshot: ['snap'],
  monitors: ['hosts', 'monHost'],
  auth: true,
  configFile: ['config', 'conf', 'confFile'],
  encryption: ['luks', 'passphrase'],
}
const fileDiskOptions: Known<FileDiskOptions> = {
  ...diskOptions,
  path: ['file', 'source'],
  format: true,
  device: true,
}

const BUS_OF: Readonly<Record<string, DiskBus>> = {
  vd: 'virtio',
  sd: 'scsi',
  hd: 'ide',
  fd: 'fdc',
  xvd: 'xen',
}

function targetElement(options: DiskOptions): XmlElement {
  const dev = toText('target', options.target)
  const prefix = /^(vd|sd|hd|fd|xvd)[a-z]{1,4}$/.exec(dev)?.[1]
  if (prefix === undefined)
    throw invalidArgValue('target', "must be 'vd', 'sd', 'hd', 'fd' or 'xvd' and a letter, as 'vda'")
  const bus = options.bus === undefined ? BUS_OF[prefix] : toOneOf('bus', options.bus, BUSES)
  return new XmlElement('target', { dev, bus })
}

const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`

function addressElement(address: DiskAddress): XmlElement {
  const type = toOneOf('address.type', address?.type, ['pci', 'drive'])
  if (address.type === 'pci') {
    toObject('address', address, pciAddress)
    return new XmlElement('address', {
      type,
      domain: hex(toInteger('address.domain', address.domain, 0, 0xffff), 4),
      bus: hex(toInteger('address.bus', address.bus, 0, 0xff), 2),
      slot: hex(toInteger('address.slot', address.slot, 0, 0x1f), 2),
      function: hex(toInteger('address.function', address.function, 0, 7), 1),
    })
  }
  toObject('address', address, driveAddress)
  const number = (field: string, value: number) => toInteger(`address.${field}`, value, 0, 99_999)
  return new XmlElement('address', {
    type,
    controller: number('controller', address.controller),
    bus: number('bus', address.bus),
    target: address.target === undefined ? undefined : number('target', address.target),
    unit: number('unit', address.unit),
  })
}

function toSerial(value: string): string {
  const text = toText('serial', value)
  if (!/^[A-Za-z0-9_.+ -]+$/.test(text))
    throw invalidArgValue('serial', "must consist of letters, digits, blanks and '_.+-'")
  return text
}

interface DiskKind {
  readonly type: 'network' | 'file'
  readonly device: 'disk' | 'cdrom'
  readonly format: 'raw' | 'qcow2'
  /** `<auth>`, if any, and `<source>`. */
  readonly source: readonly (XmlElement | undefined)[]
  readonly readonly: boolean
}

function diskDocument(options: DiskOptions, kind: DiskKind): string {
  const { cache, io, discard, serial, bootOrder, address, alias } = options
  return format(
    new XmlElement('disk', { type: kind.type, device: kind.device }, [
      new XmlElement('driver', {
        name: 'qemu',
        type: kind.format,
        cache: cache === undefined ? undefined : toOneOf('cache', cache, CACHES),
        io: io === undefined ? undefined : toOneOf('io', io, IOS),
        discard: discard === undefined ? undefined : toOneOf('discard', discard, DISCARDS),
      }),
      ...kind.source,
      targetElement(options),
      kind.readonly ? new XmlElement('readonly') : undefined,
      serial === undefined ? undefined : textElement('serial', toSerial(serial)),
      bootOrder === undefined
        ? undefined
        : new XmlElement('boot', { order: toInteger('bootOrder', bootOrder, 1, 0x7fffffff) }),
      alias === undefined ? undefined : new XmlElement('alias', { name: toToken('alias', alias) }),
      address === undefined ? undefined : addressElement(address),
    ]),
  )
}

/**
 * An RBD image as a disk, for `xml.domain({ disks })` or `domain.attachDevice()`. The driver's format is `raw`.
 *
 * Source of the format: libvirt, formatdomain, `<disk type='network'>`, `protocol='rbd'`.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` (also for a name with one of
 *   `/ @ : = , \` or a control character, by which QEMU could open another image), `ERR_OUT_OF_RANGE`
 * @since 0.1.0
 */
export function rbdDisk(options: RbdDiskOptions): string {
  const { pool, namespace, image, snapshot, monitors, auth, configFile, encryption } = toObject(
    'options',
    options,
    rbdDiskOptions,
  )
  const readonly = toBoolean('readonly', options.readonly, snapshot !== undefined)
  if (snapshot !== undefined && !readonly) throw invalidArgValue('readonly', 'a snapshot cannot be written')
  const path = [toRbdName('pool', pool), toRbdName('image', image)]
  if (namespace !== undefined) path.splice(1, 0, toRbdName('namespace', namespace))
  const source = new XmlElement('source', { protocol: 'rbd', name: path.join('/') }, [
    ...monitorHosts(monitors),
    snapshot === undefined
      ? undefined
      : new XmlElement('snapshot', { name: toRbdName('snapshot', snapshot) }),
    configFile === undefined
      ? undefined
      : new XmlElement('config', { file: toPath('configFile', configFile) }),
    encryption === undefined ? undefined : encryptionElement(encryption),
  ])
  return diskDocument(options, {
    type: 'network',
    device: 'disk',
    format: 'raw',
    source: [auth === undefined ? undefined : cephAuth(auth, 'disk'), source],
    readonly,
  })
}

/**
 * A file as a disk or CD.
 *
 * Source of the format: libvirt, formatdomain, `<disk type='file'>`.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 * @since 0.1.0
 */
export function fileDisk(options: FileDiskOptions): string {
  const { path, format: type = 'raw', device: kind = 'disk' } = toObject('options', options, fileDiskOptions)
  const device = toOneOf('device', kind, ['disk', 'cdrom'])
  return diskDocument(options, {
    type: 'file',
    device,
    format: toOneOf('format', type, ['raw', 'qcow2']),
    source: [new XmlElement('source', { file: toPath('path', path) })],
    readonly: toBoolean('readonly', options.readonly, device === 'cdrom'),
  })
}

function readAddress(element: XmlElement | undefined): DiskAddress | undefined {
  const type = element?.attribute('type')
  const number = (name: string, max: number) =>
    readInteger(`The ${name} of a disk's address`, element?.attribute(name) ?? '0', 0, max)
  if (type === 'pci') {
    return {
      type,
      domain: number('domain', 0xffff),
      bus: number('bus', 0xff),
      slot: number('slot', 0x1f),
      function: number('function', 7),
    }
  }
  if (type !== 'drive') return undefined
  const [controller, bus, unit] = [
    number('controller', 99_999),
    number('bus', 99_999),
    number('unit', 99_999),
  ]
  const place = { type, controller, bus, unit } as const
  return element?.attribute('target') === undefined ? place : { ...place, target: number('target', 99_999) }
}

/** A value of libvirt's that this release knows, or `undefined`. */
function known<T extends string>(value: string | undefined, allowed: readonly T[]): T | undefined {
  return allowed.find((entry) => entry === value)
}

function readRbdDisk(disk: XmlElement, source: XmlElement): RbdDiskOptions {
  const [pool, ...rest] = (source.attribute('name') ?? '').split('/')
  const image = rest.pop()
  const target = disk.find('target')?.attribute('dev')
  if (pool === undefined || image === undefined || rest.length > 1 || target === undefined) {
    throw new XmlError('An RBD disk has no name of the form pool/image or pool/namespace/image, or no target')
  }
  const driver = disk.find('driver')
  return defined({
    pool,
    namespace: rest[0],
    image,
    snapshot: source.find('snapshot')?.attribute('name'),
    monitors: readMonitors(source),
    auth: readAuth(disk.find('auth') ?? source.find('auth')),
    configFile: source.find('config')?.attribute('file'),
    encryption: readEncryption(source),
    target,
    bus: known(disk.find('target')?.attribute('bus'), BUSES),
    cache: known(driver?.attribute('cache'), CACHES),
    io: known(driver?.attribute('io'), IOS),
    discard: known(driver?.attribute('discard'), DISCARDS),
    readonly: disk.find('readonly') === undefined ? undefined : true,
    serial: disk.find('serial')?.text,
    bootOrder: readInteger('The boot order of a disk', disk.find('boot')?.attribute('order'), 1, 0x7fffffff),
    alias: disk.find('alias')?.attribute('name'),
    address: readAddress(disk.find('address')),
  })
}

/** Whether a `<disk>` is an RBD image. */
function rbdSource(disk: XmlElement): XmlElement | undefined {
  const source = disk.find('source')
  return disk.attribute('type') === 'network' && source?.attribute('protocol') === 'rbd' ? source : undefined
}

/**
 * The RBD disks of a domain's document, in order, each as {@link rbdDisk} takes it: to clone a machine, change `image`
 * and build it again. Also reads a single `<disk>` or a `<devices>`. What {@link RbdDiskOptions} has no field for is
 * left out; take the element from {@link parse} to keep it.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML`
 * @since 0.1.0
 */
export function parseDomainDisks(text: string): RbdDiskOptions[] {
  const root = parseRoot(text, 'domain', 'devices', 'disk')
  const devices = root.name === 'domain' ? root.find('devices') : root
  const disks = root.name === 'disk' ? [root] : (devices?.elements('disk') ?? [])
  return disks.flatMap((disk) => {
    const source = rbdSource(disk)
    return source === undefined ? [] : [readRbdDisk(disk, source)]
  })
}
