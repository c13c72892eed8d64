import { native } from '../internal/addon.js'
import { startTask } from '../internal/dispatcher.js'
import type { NativeStorageVolume } from '../internal/native/libvirt-objects.js'
import { closeAbandoned } from '../internal/resource.js'
import { toOptions, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { toFlags } from './flags.js'
import { type PoolCreateOptions, poolCreateBits, StoragePool } from './storage-pool.js'
import { StorageVolume } from './storage-volume.js'

/**
 * Storage beyond the pools that one knows by name: `connection.storage`.
 *
 * @since 0.1.0
 */
export class Storage {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Starts a transient pool: one without a definition.
   *
   * Errors: as `connection.defineStoragePool()` and `pool.create()`.
   *
   * Implements: virStoragePoolCreateXML.
   * @since 0.1.0
   */
  async createPool(xml: string, options?: PoolCreateOptions): Promise<StoragePool> {
    const mask = toFlags(options, poolCreateBits)
    return new StoragePool(
      this.#connection,
      await this.#connection.call(native.virStoragePoolCreateXML, toText('xml', xml), mask),
    )
  }

  /**
   * The pool whose storage is there: of a directory its path.
   *
   * Errors: `VIR_ERR_NO_STORAGE_POOL` there is none.
   *
   * Implements: virStoragePoolLookupByTargetPath.
   * @since 0.1.0
   */
  async poolByTargetPath(path: string): Promise<StoragePool> {
    const options = { object: { libvirtObject: toText('path', path) } }
    return new StoragePool(
      this.#connection,
      await this.#connection.callWith(native.virStoragePoolLookupByTargetPath, options, path),
    )
  }

  /**
   * A volume of any pool by its key, `'pool/image'` for RBD, with its pool.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` there is none.
   *
   * Implements: virStorageVolLookupByKey, virStoragePoolLookupByVolume.
   * @since 0.1.0
   */
  async volumeByKey(key: string): Promise<StorageVolume> {
    const options = { object: { libvirtObject: toText('key', key) } }
    return this.#withPool(await this.#connection.callWith(native.virStorageVolLookupByKey, options, key))
  }

  /**
   * A volume of any pool by its path, with its pool.
   *
   * Errors: `VIR_ERR_NO_STORAGE_VOL` there is none.
   *
   * Implements: virStorageVolLookupByPath, virStoragePoolLookupByVolume.
   * @since 0.1.0
   */
  async volumeByPath(path: string): Promise<StorageVolume> {
    const options = { object: { libvirtObject: toText('path', path) } }
    return this.#withPool(await this.#connection.callWith(native.virStorageVolLookupByPath, options, path))
  }

  async #withPool(volume: NativeStorageVolume): Promise<StorageVolume> {
    try {
      const pool = await startTask(this.#connection, native.virStoragePoolLookupByVolume, [volume.handle])
      return new StorageVolume(new StoragePool(this.#connection, pool), volume)
    } catch (error) {
      closeAbandoned(volume.handle, this.#connection)
      throw error
    }
  }

  /**
   * The document of what there is to be had for pools of a type: `findSources('logical')` names the host's volume groups.
   * `source`: a document that says where to look, for a network's.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` not for that type.
   *
   * Implements: virConnectFindStoragePoolSources.
   * @since 0.1.0
   */
  async findSources(type: string, options?: { source?: string }): Promise<string> {
    const { source } = toOptions('options', options, { source: true })
    return this.#connection.call(
      native.virConnectFindStoragePoolSources,
      toText('type', type),
      source === undefined ? undefined : toText('options.source', source),
    )
  }
}
