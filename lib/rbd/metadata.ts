import { native } from '../internal/addon.js'
import { toText } from '../internal/validate.js'
import { explained, whyNotSet } from './explain.js'
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
   * Errors: `EINVAL` a `conf_` key names no option of librbd, or one that does not take the value; `EROFS` the image is
   * open read-only.
   *
   * Implements: rbd_metadata_set.
   * @since 0.1.0
   */
  async setMetadata(key: string, value: string): Promise<void> {
    this.checkWritable('rbd_metadata_set')
    const name = toText('key', key)
    const text = toText('value', value, { empty: true })
    await explained(this.call(native.rbd_metadata_set, name, text), ['EINVAL'], () => whyNotSet(this, name))
  }

  /**
   * Errors: `ENOENT` no such key; `EROFS`.
   *
   * Implements: rbd_metadata_remove.
   * @since 0.1.0
   */
  async removeMetadata(key: string): Promise<void> {
    this.checkWritable('rbd_metadata_remove')
    const name = toText('key', key)
    const removed = this.call<void, [string]>(native.rbd_metadata_remove, name)
    await explained(removed, ['ENOENT'], async () => `it has no key '${name}'`)
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
