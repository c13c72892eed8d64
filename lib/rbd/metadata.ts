import { native } from '../internal/addon.js'
import { toText } from '../internal/validate.js'
import { ImageLock } from './lock.js'

/** Key and value pairs of an image. Keys that begin with `conf_` override librbd's configuration for it. */
export abstract class ImageMetadata extends ImageLock {
  /**
   * The value of a key, or `undefined` when there is none.
   *
   * Implements: rbd_metadata_get.
   * @since 0.1.0
   */
  async getMetadata(key: string): Promise<string | undefined> {
    return this.call(native.rbd_metadata_get, toText('key', key))
  }

  /**
   * Errors: `EROFS` the image is open read-only.
   *
   * Implements: rbd_metadata_set.
   * @since 0.1.0
   */
  async setMetadata(key: string, value: string): Promise<void> {
    this.checkWritable('rbd_metadata_set')
    await this.call(native.rbd_metadata_set, toText('key', key), toText('value', value, { empty: true }))
  }

  /**
   * Errors: `ENOENT` no such key; `EROFS`.
   *
   * Implements: rbd_metadata_remove.
   * @since 0.1.0
   */
  async removeMetadata(key: string): Promise<void> {
    this.checkWritable('rbd_metadata_remove')
    await this.call(native.rbd_metadata_remove, toText('key', key))
  }

  /**
   * All pairs, sorted by key.
   *
   * Implements: rbd_metadata_list.
   * @since 0.1.0
   */
  async listMetadata(): Promise<Map<string, string>> {
    return new Map(await this.call<[string, string][], []>(native.rbd_metadata_list))
  }
}
