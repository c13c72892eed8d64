/** This file has the view of a disk (libvirt: formatdomain, "Hard drives, floppy disks, CDROMs"). */

import { invalidArgType } from '../../../internal/validate.js'
import { toRbdName } from '../fields.js'
import { bare, integer, line, onOff, path, token, word } from './codecs.js'
import { AddressXml, auth, EncryptionXml, monitors } from './common.js'
import { attr, fixed, flag, made, one, text } from './lenses.js'
import { type Lens, viewOf } from './view.js'

const TYPES = ['file', 'block', 'network', 'dir', 'volume', 'nvme', 'vhostuser', 'vhostvdpa'] as const

/**
 * An RBD image by its names.
 *
 * @since 0.1.0
 */
export interface RbdSource {
  readonly pool: string
  readonly namespace?: string | undefined
  readonly image: string
}

/** The image of a disk that is on RBD; set, the disk becomes one, whatever it was. */
function rbdSource(): Lens<RbdSource | undefined> {
  return {
    path: ['source'],
    writable: true,
    get({ element }) {
      const source = element.find('source')
      if (element.attribute('type') !== 'network' || source?.attribute('protocol') !== 'rbd') return undefined
      const [pool, ...rest] = (source.attribute('name') ?? '').split('/')
      const image = rest.pop()
      if (pool === undefined || image === undefined || rest.length > 1) return undefined
      return rest[0] === undefined ? { pool, image } : { pool, namespace: rest[0], image }
    },
    set(view, value, what) {
      if (typeof value !== 'object' || value === null) throw invalidArgType(what, 'of type object', value)
      const names = [toRbdName(`${what}.pool`, value.pool), toRbdName(`${what}.image`, value.image)]
      if (value.namespace !== undefined) names.splice(1, 0, toRbdName(`${what}.namespace`, value.namespace))
      const was =
        view.element.attribute('type') === 'network' && view.element.find('source', 'host') !== undefined
      view.element.attributes.set('type', 'network')
      const source = made(view, ['source'])
      // What said where the old source is belongs to it.
      if (!was) {
        source.attributes.clear()
        source.children.splice(0)
      }
      source.attributes.set('protocol', 'rbd')
      source.attributes.set('name', names.join('/'))
    },
  }
}

/**
 * Limits of a disk: bytes and requests a second, in all or by direction; `...Max` for bursts of `...MaxLength` seconds.
 *
 * @since 0.1.0
 */
export class IoTuneXml extends viewOf(['iotune'], {
  totalBytesSec: text('total_bytes_sec', integer()),
  readBytesSec: text('read_bytes_sec', integer()),
  writeBytesSec: text('write_bytes_sec', integer()),
  totalIopsSec: text('total_iops_sec', integer()),
  readIopsSec: text('read_iops_sec', integer()),
  writeIopsSec: text('write_iops_sec', integer()),
  totalBytesSecMax: text('total_bytes_sec_max', integer()),
  readBytesSecMax: text('read_bytes_sec_max', integer()),
  writeBytesSecMax: text('write_bytes_sec_max', integer()),
  totalIopsSecMax: text('total_iops_sec_max', integer()),
  readIopsSecMax: text('read_iops_sec_max', integer()),
  writeIopsSecMax: text('write_iops_sec_max', integer()),
  sizeIopsSec: text('size_iops_sec', integer()),
  groupName: text('group_name', line),
}) {}

/**
 * An image that another is based on.
 *
 * @since 0.1.0
 */
export class BackingStoreXml extends viewOf(['backingStore'], {
  type: attr('@type', word(...TYPES)),
  format: attr('format@type', token),
  file: attr('source@file', line),
  device: attr('source@dev', line),
  protocol: attr('source@protocol', token),
  name: attr('source@name', line),
}) {
  /** What this one is based on. */
  get backingStore(): BackingStoreXml | undefined {
    const found = this.element.find('backingStore')
    return found === undefined ? undefined : new BackingStoreXml(found, this.element)
  }
}

/**
 * A disk of a domain. `rbd` makes any disk one on RBD; `source.file` of a file disk is `file`, and so on.
 *
 * @since 0.1.0
 */
export class DiskXml extends viewOf(['disk'], {
  type: attr('@type', word(...TYPES)),
  /** Default `disk`. */
  device: attr('@device', word('disk', 'cdrom', 'floppy', 'lun')),
  snapshot: attr('@snapshot', word('no', 'internal', 'external', 'manual')),
  /** The image's format: `raw`, `qcow2`. */
  format: attr('driver@type', token),
  cache: attr('driver@cache', word('default', 'none', 'writeback', 'writethrough', 'directsync', 'unsafe')),
  io: attr('driver@io', word('threads', 'native', 'io_uring')),
  discard: attr('driver@discard', word('unmap', 'ignore')),
  detectZeroes: attr('driver@detect_zeroes', word('off', 'on', 'unmap')),
  errorPolicy: attr('driver@error_policy', word('stop', 'report', 'ignore', 'enospace')),
  readErrorPolicy: attr('driver@rerror_policy', word('stop', 'report', 'ignore')),
  copyOnRead: attr('driver@copy_on_read', onOff),
  ioThread: attr('driver@iothread', integer(1)),
  queues: attr('driver@queues', integer(1)),
  /** The user for Ceph. */
  auth: auth('auth', 'disk', 'source/auth'),
  rbd: rbdSource(),
  file: attr('source@file', path),
  blockDevice: attr('source@dev', path),
  protocol: attr('source@protocol', token),
  storagePool: attr('source@pool', line),
  volume: attr('source@volume', line),
  monitors: monitors(),
  /** The snapshot of an RBD image. */
  rbdSnapshot: attr('source/snapshot@name', line),
  configFile: attr('source/config@file', path),
  encryption: one('source/encryption', EncryptionXml),
  backingStore: one('backingStore', BackingStoreXml),
  /** The block job that copies the disk, while there is one. */
  mirrorJob: fixed(attr('mirror@job', token)),
  mirrorReady: fixed(attr('mirror@ready', word('yes', 'abort', 'pivot'))),
  /** The device's name: `vda`. */
  target: attr('target@dev', bare),
  bus: attr('target@bus', word('virtio', 'scsi', 'ide', 'sata', 'usb', 'fdc', 'xen', 'sd', 'uml')),
  tray: attr('target@tray', word('open', 'closed')),
  iotune: one('iotune', IoTuneXml),
  readonly: flag('readonly'),
  shareable: flag('shareable'),
  transient: flag('transient'),
  serial: text('serial', line),
  wwn: text('wwn', token),
  vendor: text('vendor', line),
  product: text('product', line),
  /** The place in the order of booting, from 1. */
  bootOrder: attr('boot@order', integer(1)),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}
