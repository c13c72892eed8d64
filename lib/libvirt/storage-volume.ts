import { native } from '../internal/addon.js'
import { storageVolumeTypes } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeStorageVolume } from '../internal/native/libvirt.js'
import { toBoolean, toOptions, toSize } from '../internal/validate.js'
import { LibvirtObject } from './object.js'
import type { StoragePool } from './storage-pool.js'

/**
 * libvirt's virStorageVolType; an RBD image is `'network'`.
 *
 * @since 0.1.0
 */
export type StorageVolumeType = (typeof storageVolumeTypes)[keyof typeof storageVolumeTypes]

/**
 * A volume's sizes, in bytes.
 *
 * @since 0.1.0
 */
export interface StorageVolumeInfo {
  type: StorageVolumeType | 'unknown'
  /** What the guest sees. */
  capacity: number
  /** What it takes up. For RBD exact only with the feature fast-diff, else equal to `capacity`. */
  allocation: number
}

/**
 * A volume of a storage pool; in an RBD pool, an image.
 *
 * @since 0.1.0
 */
export class StorageVolume extends LibvirtObject {
  readonly pool: StoragePool
  readonly name: string
  /** Unique on the host: `'pool/image'` for RBD, the path for files. */
  readonly key: string

  /** @internal */
  constructor(pool: StoragePool, volume: NativeStorageVolume) {
    super(volume.handle, pool, { uri: pool.connection.givenUri, object: volume.name, kind: 'volume' })
    this.pool = pool
    this.name = volume.name
    this.key = volume.key
  }

  /**
   * Where it is: `'pool/image'` for RBD, the path for files.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone.
   *
   * Implements: virStorageVolGetPath.
   * @since 0.1.0
   */
  path(): Promise<string> {
    return this.call(native.virStorageVolGetPath)
  }

  /**
   * Type and sizes in bytes.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone.
   *
   * Implements: virStorageVolGetInfo.
   * @since 0.1.0
   */
  async info(): Promise<StorageVolumeInfo> {
    const info = await this.call(native.virStorageVolGetInfo)
    return { ...info, type: nameOf(storageVolumeTypes, info.type) }
  }

  /**
   * Sets the capacity, in bytes. A smaller one needs `shrink: true` and cuts the data off.
   *
   * Errors: `VIR_ERR_INVALID_ARG` smaller without `shrink`, or smaller than the `allocation` that libvirt knows of;
   * `VIR_ERR_NO_STORAGE_VOL` the volume is gone.
   *
   * Implements: virStorageVolResize.
   * @since 0.1.0
   */
  async resize(capacity: number | bigint, options?: { shrink?: boolean }): Promise<void> {
    const bytes = toSize('capacity', capacity)
    const shrink = toBoolean(
      'options.shrink',
      toOptions('options', options, { shrink: ['allowShrink'] }).shrink,
      false,
    )
    await this.call(native.virStorageVolResize, bytes, shrink)
  }

  /**
   * Deletes the volume and its data. An image with snapshots or watchers is refused.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` it is gone already; `VIR_ERR_SYSTEM_ERROR` the storage refused.
   *
   * Implements: virStorageVolDelete.
   * @since 0.1.0
   */
  async delete(): Promise<void> {
    await this.call(native.virStorageVolDelete)
  }

  /**
   * The volume's document.
   *
   * Implements: virStorageVolGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virStorageVolGetXMLDesc)
  }
}
