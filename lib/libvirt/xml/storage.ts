/** This file builds the storage pool and storage volume documents (libvirt: formatstorage). */

import { invalidArgValue, type Known, toOneOf, toRecord, toSize } from '../../internal/validate.js'
import { format, XmlElement } from './element.js'
import {
  type CephAuth,
  cephAuth,
  defined,
  type Monitor,
  monitorHosts,
  readAuth,
  readMonitors,
  textElement,
  toLine,
  toObject,
  toObjectName,
  toPath,
  toRbdName,
  toUuid,
  toVolumeName,
} from './fields.js'
import { parseRoot, XmlError } from './parse.js'

/**
 * A storage pool that is a Ceph pool; its volumes are the images.
 *
 * @since 0.1.0
 */
export interface RbdStoragePoolOptions {
  readonly type: 'rbd'
  /** libvirt's name for it. */
  readonly name: string
  readonly uuid?: string | undefined
  /** The Ceph pool. */
  readonly pool: string
  /** At least one monitor: libvirt passes them to librados and reads no `ceph.conf`. */
  readonly monitors: readonly Monitor[]
  /** Absent: without authentication. */
  readonly auth?: CephAuth | undefined
  /** Options of Ceph for libvirt's own connection, such as `client_mount_timeout` (`rbd:config_opts`). */
  readonly configOptions?: Readonly<Record<string, string | number>> | undefined
}

/**
 * A storage pool that is a directory; its volumes are the files.
 *
 * @since 0.1.0
 */
export interface DirStoragePoolOptions {
  readonly type: 'dir'
  readonly name: string
  readonly uuid?: string | undefined
  /** The directory, absolute. */
  readonly path: string
}

/**
 * What {@link storagePool} takes.
 *
 * @since 0.1.0
 */
export type StoragePoolOptions = RbdStoragePoolOptions | DirStoragePoolOptions

const rbdPool: Known<RbdStoragePoolOptions> = {
  type: true,
  name: true,
  uuid: true,
  pool: ['source'],
  monitors: ['hosts'],
  auth: true,
  configOptions: ['config', 'options'],
}
const dirPool: Known<DirStoragePoolOptions> = {
  type: true,
  name: true,
  uuid: true,
  path: ['target', 'directory'],
}

function rbdSource(options: RbdStoragePoolOptions): XmlElement {
  const hosts = monitorHosts(options.monitors)
  if (hosts.length === 0) throw invalidArgValue('monitors', 'must name at least one monitor')
  return new XmlElement('source', {}, [
    textElement('name', toRbdName('pool', options.pool)),
    ...hosts,
    options.auth === undefined ? undefined : cephAuth(options.auth, 'pool'),
  ])
}

const RBD_NAMESPACE = 'http://libvirt.org/schemas/storagepool/rbd/1.0'

/** `<rbd:config_opts>`. */
function configElement(options: Readonly<Record<string, string | number>>): XmlElement {
  const entries = Object.entries(toRecord('configOptions', options))
  if (entries.length === 0) throw invalidArgValue('configOptions', 'must not be empty')
  return new XmlElement(
    'rbd:config_opts',
    {},
    entries.map(([name, value]) => {
      if (!/^[a-z][a-z0-9_]*$/.test(name))
        throw invalidArgValue('configOptions', "must have names such as 'client_mount_timeout'")
      return new XmlElement('rbd:option', { name, value: toLine(`configOptions.${name}`, String(value)) })
    }),
  )
}

/**
 * A document for `connection.defineStoragePool()`.
 *
 * Source of the format: libvirt, formatstorage, "Storage pool XML".
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 * @since 0.1.0
 */
export function storagePool(options: StoragePoolOptions): string {
  const type = toOneOf('type', options?.type, ['rbd', 'dir'])
  const { uuid, name } =
    options.type === 'rbd' ? toObject('options', options, rbdPool) : toObject('options', options, dirPool)
  const config = options.type === 'rbd' ? options.configOptions : undefined
  return format(
    new XmlElement('pool', { type, 'xmlns:rbd': config === undefined ? undefined : RBD_NAMESPACE }, [
      textElement('name', toObjectName('name', name)),
      uuid === undefined ? undefined : textElement('uuid', toUuid('uuid', uuid)),
      options.type === 'rbd'
        ? rbdSource(options)
        : new XmlElement('target', {}, [textElement('path', toPath('path', options.path))]),
      config === undefined ? undefined : configElement(config),
    ]),
  )
}

/**
 * What {@link storageVolume} takes.
 *
 * @since 0.1.0
 */
export interface StorageVolumeOptions {
  /** The image's name in an RBD pool, the file's in a directory. */
  readonly name: string
  /** Bytes. */
  readonly capacity: number | bigint
  /** Bytes to allocate at once, for files. Absent: all of them; RBD images are always sparse. */
  readonly allocation?: number | bigint | undefined
  /** Default `raw`, the only one RBD has. */
  readonly format?: 'raw' | 'qcow2' | undefined
}

const volumeOptions: Known<StorageVolumeOptions> = {
  name: true,
  capacity: ['size'],
  allocation: true,
  format: true,
}

/**
 * A document for `pool.createVolume()`, with or without a volume to clone.
 *
 * Source of the format: libvirt, formatstorage, "Storage volume XML".
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 * @since 0.1.0
 */
export function storageVolume(options: StorageVolumeOptions): string {
  const { name, capacity, allocation, format: type = 'raw' } = toObject('options', options, volumeOptions)
  const bytes = (element: string, value: number | bigint) =>
    new XmlElement(element, { unit: 'bytes' }, [String(toSize(element, value))])
  return format(
    new XmlElement('volume', {}, [
      textElement('name', toVolumeName('name', name)),
      bytes('capacity', capacity),
      allocation === undefined ? undefined : bytes('allocation', allocation),
      new XmlElement('target', {}, [
        new XmlElement('format', { type: toOneOf('format', type, ['raw', 'qcow2']) }),
      ]),
    ]),
  )
}

/**
 * What a storage pool's document says.
 *
 * @since 0.1.0
 */
export interface StoragePoolDocument {
  /** `rbd`, `dir` or another of libvirt's. */
  readonly type: string
  readonly name: string
  readonly uuid?: string
  /** The Ceph pool, of an `rbd` pool. */
  readonly pool?: string
  readonly monitors: readonly Monitor[]
  readonly auth?: CephAuth
  /** The directory, of a `dir` pool. */
  readonly path?: string
}

/**
 * Reads a storage pool's document, such as `pool.getXML()` gives. Its sizes are in `pool.getInfo()`.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML`
 * @since 0.1.0
 */
export function parseStoragePool(text: string): StoragePoolDocument {
  const root = parseRoot(text, 'pool')
  const type = root.attribute('type')
  const source = root.find('source')
  const pool = source?.find('name')?.text
  // libvirt names a pool after its source when it has no name.
  const name = root.find('name')?.text ?? pool
  if (type === undefined || name === undefined) throw new XmlError('The storage pool has no type or no name')
  return defined({
    type,
    name,
    uuid: root.find('uuid')?.text.trim(),
    pool,
    monitors: source === undefined ? [] : readMonitors(source),
    auth: readAuth(source?.find('auth')),
    path: root.find('target', 'path')?.text,
  })
}
