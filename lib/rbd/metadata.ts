import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { type Known, toOptions, toSize, toText } from '../internal/validate.js'
import { explained, whyNotSet } from './explain.js'
import type { ImageHandle } from './handle.js'

/**
 * Which pairs of metadata to list.
 *
 * @since 0.1.0
 */
export interface MetadataListOptions extends CallOptions {
  /** Only those behind this key: the last one of a page before. */
  after?: string
  /** At most so many; default: all. */
  limit?: number
}

const listOptions: Known<MetadataListOptions> = {
  signal: true,
  after: ['start', 'startAfter'],
  limit: ['max'],
}

/**
 * Key and value pairs of an image: `image.metadata`. Keys that begin with `conf_` override librbd's configuration for it.
 *
 * @since 0.1.0
 */
export class Metadata {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * The value of a key, or `undefined` when there is none.
   *
   * Implements: rbd_metadata_get.
   * @since 0.1.0
   */
  async get(key: string, options?: CallOptions): Promise<string | undefined> {
    return this.#image.callWith(native.rbd_metadata_get, toTaskOptions(options), toText('key', key))
  }

  /**
   * Errors: `EINVAL` a `conf_` key names no option of librbd, or one that does not take the value; `EROFS` the image is
   * open read-only.
   *
   * Implements: rbd_metadata_set.
   * @since 0.1.0
   */
  async set(key: string, value: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_metadata_set')
    const name = toText('key', key)
    const text = toText('value', value, { empty: true })
    const task = toTaskOptions(options)
    const set = this.#image.callWith(native.rbd_metadata_set, task, name, text)
    await explained(set, ['EINVAL'], () => whyNotSet(this.#image, name), task.signal)
  }

  /**
   * Errors: `ENOENT` no such key; `EROFS`.
   *
   * Implements: rbd_metadata_remove.
   * @since 0.1.0
   */
  async remove(key: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_metadata_remove')
    const name = toText('key', key)
    const removed = this.#image.callWith(native.rbd_metadata_remove, toTaskOptions(options), name)
    await explained(removed, ['ENOENT'], async () => `it has no key '${name}'`)
  }

  /**
   * All pairs, sorted by key; or a page of them.
   *
   * Implements: rbd_metadata_list.
   * @since 0.1.0
   */
  async list(options?: MetadataListOptions): Promise<Map<string, string>> {
    const { after, limit, signal } = toOptions('options', options, listOptions)
    const start = after === undefined ? '' : toText('options.after', after, { empty: true })
    const most = limit === undefined ? 0 : toSize('options.limit', limit, 1)
    const task = toTaskOptions({ signal })
    return new Map(await this.#image.callWith(native.rbd_metadata_list, task, start, most))
  }
}
