import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import {
  storagePoolStates,
  VIR_STORAGE_POOL_BUILD,
  VIR_STORAGE_POOL_CREATE,
  VIR_STORAGE_POOL_DELETE,
  VIR_STORAGE_VOL_CREATE,
  VIR_STORAGE_XML,
} from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeStoragePool } from '../internal/native/libvirt-objects.js'
import { invalidArgType, invalidArgValue, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { systemError } from './errors.js'
import { openEvents, type StoragePoolEventMap } from './event-kinds.js'
import type { Events } from './events.js'
import { type Bits, toFlags, toTruth } from './flags.js'
import { LibvirtObject } from './object.js'
import { StorageVolume } from './storage-volume.js'

/**
 * libvirt's virStoragePoolState.
 *
 * @since 0.1.0
 */
export type StoragePoolState = (typeof storagePoolStates)[keyof typeof storagePoolStates]

/**
 * A pool's state and sizes in bytes; the sizes are those of its start or last `refresh()`.
 *
 * @since 0.1.0
 */
export interface StoragePoolInfo {
  state: StoragePoolState | 'unknown'
  capacity: number
  allocation: number
  available: number
}

/**
 * What building a pool's storage may do to what is there.
 *
 * @since 0.1.0
 */
export interface PoolBuildOptions {
  /** Puts right what is there. */
  repair?: boolean
  /** Makes what is there larger. */
  resize?: boolean
  /** Only where there is no file system yet. */
  noOverwrite?: boolean
  /** Also where there is one: its data are lost. */
  overwrite?: boolean
}

const buildBits: Bits<PoolBuildOptions> = {
  repair: VIR_STORAGE_POOL_BUILD.REPAIR,
  resize: VIR_STORAGE_POOL_BUILD.RESIZE,
  noOverwrite: VIR_STORAGE_POOL_BUILD.NO_OVERWRITE,
  overwrite: VIR_STORAGE_POOL_BUILD.OVERWRITE,
}

/**
 * Whether a pool's storage is built before the pool is started.
 *
 * @since 0.1.0
 */
export interface PoolCreateOptions {
  build?: boolean
  buildNoOverwrite?: boolean
  buildOverwrite?: boolean
}

export const poolCreateBits: Bits<PoolCreateOptions> = {
  build: VIR_STORAGE_POOL_CREATE.WITH_BUILD,
  buildNoOverwrite: VIR_STORAGE_POOL_CREATE.WITH_BUILD_NO_OVERWRITE,
  buildOverwrite: VIR_STORAGE_POOL_CREATE.WITH_BUILD_OVERWRITE,
}

/**
 * How a volume is made.
 *
 * @since 0.1.0
 */
export interface VolumeCreateOptions {
  /** The map of a qcow2 file is written at once. */
  preallocMetadata?: boolean
  /** Blocks are shared with the volume that is copied, where the file system can. */
  reflink?: boolean
  /** Holds the document against its schema first. */
  validate?: boolean
}

const volumeBits: Bits<VolumeCreateOptions> = {
  preallocMetadata: VIR_STORAGE_VOL_CREATE.PREALLOC_METADATA,
  reflink: VIR_STORAGE_VOL_CREATE.REFLINK,
  validate: VIR_STORAGE_VOL_CREATE.VALIDATE,
}

/**
 * A storage pool: for RBD, a Ceph pool as libvirtd sees it.
 *
 * libvirtd keeps a list of a pool's volumes: images that others make or remove show only after `refresh()`, which
 * opens every image of the pool.
 *
 * @since 0.1.0
 */
export class StoragePool extends LibvirtObject {
  readonly connection: Connection
  readonly name: string
  readonly uuid: string

  /** @internal */
  constructor(connection: Connection, pool: NativeStoragePool) {
    super(pool.handle, connection, { uri: connection.givenUri, object: pool.name, kind: 'storage pool' })
    this.connection = connection
    this.name = pool.name
    this.uuid = pool.uuid
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virStoragePoolLookupByUUIDString, this.uuid)
  }

  /**
   * Its events of one kind, until the stream or this handle is closed. See `connection.events()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events.
   *
   * Implements: virConnectStoragePoolEventRegisterAny.
   * @since 0.1.0
   */
  events<K extends keyof StoragePoolEventMap>(
    kind: K,
    options?: CallOptions,
  ): Promise<Events<StoragePoolEventMap[K]>> {
    return openEvents(this.connection, 'storage-pool', kind, options, this)
  }

  /**
   * Makes the storage behind the pool, such as the directory. RBD pools need no building and accept it from
   * libvirt 10.1 on.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the pool's type has nothing to build; `VIR_ERR_OPERATION_INVALID` it is active.
   *
   * Implements: virStoragePoolBuild.
   * @since 0.1.0
   */
  async build(options?: PoolBuildOptions): Promise<void> {
    await this.call(native.virStoragePoolBuild, toFlags(options, buildBits))
  }

  /**
   * Starts the pool and lists its volumes.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is active; `VIR_ERR_SYSTEM_ERROR` no monitor answered, or the pool does
   * not exist; `VIR_ERR_NO_SECRET` the secret is not defined or has no value; `VIR_ERR_INTERNAL_ERROR` for an RBD pool
   * where libvirtd's librados is of Ceph 20: libvirt (12.8 still) sets an option that is gone, and no RBD pool starts.
   *
   * Implements: virStoragePoolCreate.
   * @since 0.1.0
   */
  async create(options?: PoolCreateOptions): Promise<void> {
    await this.call(native.virStoragePoolCreate, toFlags(options, poolCreateBits))
  }

  /**
   * Whether libvirtd starts the pool when it starts itself.
   *
   * Implements: virStoragePoolGetAutostart.
   * @since 0.1.0
   */
  autostart(): Promise<boolean> {
    return this.call(native.virStoragePoolGetAutostart)
  }

  /**
   * Sets whether libvirtd starts the pool when it starts itself.
   *
   * Errors: `VIR_ERR_INVALID_ARG` the pool is transient.
   *
   * Implements: virStoragePoolSetAutostart.
   * @since 0.1.0
   */
  async setAutostart(autostart: boolean): Promise<void> {
    await this.call(native.virStoragePoolSetAutostart, toTruth('autostart', autostart))
  }

  /**
   * Reads sizes and volumes anew.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the pool is not active.
   *
   * Implements: virStoragePoolRefresh.
   * @since 0.1.0
   */
  async refresh(): Promise<void> {
    await this.call(native.virStoragePoolRefresh)
  }

  /**
   * State and sizes in bytes.
   *
   * Errors: `VIR_ERR_NO_STORAGE_POOL` it is gone.
   *
   * Implements: virStoragePoolGetInfo.
   * @since 0.1.0
   */
  async info(): Promise<StoragePoolInfo> {
    const info = await this.call(native.virStoragePoolGetInfo)
    return { ...info, state: nameOf(storagePoolStates, info.state) }
  }

  /**
   * Whether the pool is started.
   *
   * Implements: virStoragePoolIsActive.
   * @since 0.1.0
   */
  isActive(): Promise<boolean> {
    return this.call(native.virStoragePoolIsActive)
  }

  /**
   * Whether it has a definition.
   *
   * Implements: virStoragePoolIsPersistent.
   * @since 0.1.0
   */
  isPersistent(): Promise<boolean> {
    return this.call(native.virStoragePoolIsPersistent)
  }

  /**
   * The pool's document.
   *
   * Implements: virStoragePoolGetXMLDesc.
   * @since 0.1.0
   */
  xml(options?: {
    /** The definition also when it is active. Default `false`. */
    inactive?: boolean
  }): Promise<string> {
    return this.call(
      native.virStoragePoolGetXMLDesc,
      toFlags(options, { inactive: VIR_STORAGE_XML.INACTIVE }),
    )
  }

  /**
   * Stops the pool; its data stays.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is not active.
   *
   * Implements: virStoragePoolDestroy.
   * @since 0.1.0
   */
  async destroy(): Promise<void> {
    await this.call(native.virStoragePoolDestroy)
  }

  /**
   * Deletes the storage behind the pool, such as the directory; it must not be active. `zeroed`: overwrites it first.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is active; `VIR_ERR_NO_SUPPORT` the pool's type cannot, as RBD's.
   *
   * Implements: virStoragePoolDelete.
   * @since 0.1.0
   */
  async delete(options?: { zeroed?: boolean }): Promise<void> {
    await this.call(native.virStoragePoolDelete, toFlags(options, { zeroed: VIR_STORAGE_POOL_DELETE.ZEROED }))
  }

  /**
   * Forgets the pool; its data stays.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is active; `VIR_ERR_NO_STORAGE_POOL` it is gone already.
   *
   * Implements: virStoragePoolUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virStoragePoolUndefine)
  }

  /**
   * The volumes that libvirtd knows of.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the pool is not active.
   *
   * Implements: virStoragePoolListAllVolumes.
   * @since 0.1.0
   */
  async listVolumes(): Promise<StorageVolume[]> {
    const volumes = await this.call(native.virStoragePoolListAllVolumes)
    return volumes.map((volume) => new StorageVolume(this, volume))
  }

  /**
   * A volume by its name.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` libvirtd knows of none.
   *
   * Implements: virStorageVolLookupByName.
   * @since 0.1.0
   */
  async volumeByName(name: string): Promise<StorageVolume> {
    const options = { object: { libvirtObject: toText('name', name) } }
    return new StorageVolume(this, await this.callWith(native.virStorageVolLookupByName, options, name))
  }

  /**
   * Makes a volume.
   *
   * Errors: `VIR_ERR_STORAGE_VOL_EXIST` the name is taken; `VIR_ERR_XML_DETAIL` the document is malformed.
   *
   * Implements: virStorageVolCreateXML.
   * @since 0.1.0
   */
  async createVolume(xml: string, options?: VolumeCreateOptions): Promise<StorageVolume> {
    const mask = toFlags(options, volumeBits)
    return new StorageVolume(this, await this.call(native.virStorageVolCreateXML, toText('xml', xml), mask))
  }

  /**
   * Makes a volume with the content of another of the same connection. In an RBD pool libvirt makes a snapshot of
   * `from`, protects it and clones it, so `from` cannot be deleted afterwards.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` the name is taken; `VIR_ERR_NO_STORAGE_VOL` `from` is gone.
   *
   * Implements: virStorageVolCreateXMLFrom.
   * @since 0.1.0
   */
  async cloneVolume(xml: string, from: StorageVolume, options?: VolumeCreateOptions): Promise<StorageVolume> {
    const text = toText('xml', xml)
    const mask = toFlags(options, volumeBits)
    if (!(from instanceof StorageVolume)) throw invalidArgType('from', 'an instance of StorageVolume', from)
    if (from.pool.connection !== this.connection) {
      throw invalidArgValue('from', 'must be a volume of the same connection')
    }
    const syscall = 'virStorageVolCreateXMLFrom'
    if (from.closed) {
      throw systemError(-constants.errno.EBADF, from.context(syscall), 'the volume is closed')
    }
    // In flight there, too, so that closing `from` waits for it.
    from.inFlight++
    try {
      return new StorageVolume(this, await this.call(native[syscall], text, from.handle, mask))
    } finally {
      if (--from.inFlight === 0) from.idle()
    }
  }
}
