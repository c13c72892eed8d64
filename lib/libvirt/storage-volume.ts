import type { Readable, Writable } from 'node:stream'
import { native } from '../internal/addon.js'
import {
  storageVolumeTypes,
  VIR_STORAGE_VOL,
  VIR_STORAGE_VOL_DELETE,
  VIR_STORAGE_VOL_RESIZE,
  wipeAlgorithms,
} from '../internal/generated/libvirt.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import type { NativeStorageVolume } from '../internal/native/libvirt-objects.js'
import { toOptions, toSize } from '../internal/validate.js'
import { flagsOf, toFlags } from './flags.js'
import { LibvirtObject } from './object.js'
import type { StoragePool } from './storage-pool.js'
import {
  download,
  type TransferOptions,
  type UploadFileOptions,
  upload,
  uploadFile,
} from './volume-streams.js'

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

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.pool.call(native.virStorageVolLookupByName, this.name)
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
   * Type and sizes in bytes. `physical`: `allocation` is the size of the file or device itself.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone.
   *
   * Implements: virStorageVolGetInfo, virStorageVolGetInfoFlags.
   * @since 0.1.0
   */
  async info(options?: { physical?: boolean }): Promise<StorageVolumeInfo> {
    const mask = toFlags(options, { physical: VIR_STORAGE_VOL.GET_PHYSICAL })
    // Not every driver has the newer function.
    const info =
      mask === 0
        ? await this.call(native.virStorageVolGetInfo)
        : await this.call(native.virStorageVolGetInfoFlags, mask)
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
  async resize(
    capacity: number | bigint,
    options?: {
      shrink?: boolean
      /** Takes up all of it at once. */
      allocate?: boolean
      /** `capacity` is what is added. */
      delta?: boolean
    },
  ): Promise<void> {
    const bytes = toSize('capacity', capacity)
    const known = { shrink: ['allowShrink'], allocate: true, delta: true } as const
    const mask = flagsOf(toOptions('options', options, known), {
      shrink: VIR_STORAGE_VOL_RESIZE.SHRINK,
      allocate: VIR_STORAGE_VOL_RESIZE.ALLOCATE,
      delta: VIR_STORAGE_VOL_RESIZE.DELTA,
    })
    await this.call(native.virStorageVolResize, bytes, mask)
  }

  /**
   * Deletes the volume and its data. An image with snapshots or watchers is refused.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` it is gone already; `VIR_ERR_SYSTEM_ERROR` the storage refused.
   *
   * Implements: virStorageVolDelete.
   * @since 0.1.0
   */
  async delete(options?: {
    /** Overwrites it first. */
    zeroed?: boolean
    /** Deletes its snapshots, too. */
    withSnapshots?: boolean
  }): Promise<void> {
    const mask = toFlags(options, {
      zeroed: VIR_STORAGE_VOL_DELETE.ZEROED,
      withSnapshots: VIR_STORAGE_VOL_DELETE.WITH_SNAPSHOTS,
    })
    await this.call(native.virStorageVolDelete, mask)
  }

  /**
   * Overwrites the data, in one of the ways that libvirt knows; in an RBD pool `'zero'` and `'trim'`, elsewhere `'zero'`
   * and, by the program `scrub`, all but `'trim'`.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone; `VIR_ERR_ARGUMENT_UNSUPPORTED`, `VIR_ERR_NO_SUPPORT` the pool's
   * type does not know the way.
   *
   * Implements: virStorageVolWipePattern.
   * @since 0.1.0
   */
  async wipe(options?: {
    /** Default `'zero'`. */
    algorithm?: (typeof wipeAlgorithms)[keyof typeof wipeAlgorithms]
  }): Promise<void> {
    const { algorithm } = toOptions('options', options, { algorithm: true })
    const number = numberOf('options.algorithm', algorithm ?? 'zero', wipeAlgorithms)
    await this.call(native.virStorageVolWipePattern, number)
  }

  /**
   * The volume's data, of a file or a block device. Its stream aborts the transfer when it is destroyed.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone; `VIR_ERR_NO_SUPPORT` the pool's type cannot, as RBD's.
   *
   * Implements: virStorageVolDownload.
   * @since 0.1.0
   */
  download(options?: TransferOptions): Promise<Readable> {
    return download(this, options)
  }

  /**
   * Writes the volume's data. The stream's end, `'finish'`, means that the daemon has taken all; destroying it aborts.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` the volume is gone; `VIR_ERR_NO_SUPPORT` the pool's type cannot, as RBD's; of the
   * stream: what the storage said, and `ERR_OUT_OF_RANGE` more data than `length`.
   *
   * Implements: virStorageVolUpload.
   * @since 0.1.0
   */
  upload(options?: TransferOptions): Promise<Writable> {
    return upload(this, options)
  }

  /**
   * Writes a file of this host's, or a block device, into the volume: faster than `upload()`, for its bytes are read and sent
   * by native threads. Resolves when the daemon has taken all.
   *
   * Errors: as `upload()`; `ENOENT`, `EACCES` and others of the file; `EISDIR` a directory; `EINVAL` no file and no block
   * device; `EIO` the file became shorter meanwhile.
   *
   * Implements: virStorageVolUpload, virStreamSend, virStreamSendHole.
   * @since 0.1.0
   */
  uploadFile(file: string, options?: UploadFileOptions): Promise<{ bytes: number }> {
    return uploadFile(this, file, options)
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
