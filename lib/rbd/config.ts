import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { toText } from '../internal/validate.js'
import { explained, whyNotSet } from './explain.js'
import type { ImageHandle } from './handle.js'

/**
 * A setting of librbd.
 *
 * @since 0.1.0
 */
export interface ConfigOption {
  /** As in `ceph.conf`: `'rbd_qos_iops_limit'`. */
  name: string
  value: string
  /** Where it comes from: the cluster's configuration or librbd's default, the pool, or the image itself. */
  source: 'config' | 'pool' | 'image'
}

/** What the image's metadata calls an override. */
const prefix = 'conf_'

/**
 * The settings of librbd that an image overrides, limits of its I/O (`rbd_qos_iops_limit`, `rbd_qos_bps_limit` and the like)
 * among them: `image.config`. They are kept with the image and hold for whoever opens it, those who have it open too.
 *
 * @since 0.1.0
 */
export class ImageConfig {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * All settings in force for the image, by name.
   *
   * Implements: rbd_config_image_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<ConfigOption[]> {
    const list = await this.#image.callWith(native.rbd_config_image_list, toTaskOptions(options))
    return list.map(([name, value, source]) => ({ name, value, source }))
  }

  /**
   * Overrides a setting: `set('rbd_qos_iops_limit', '500')`.
   *
   * Errors: `EINVAL` there is no such setting, or it does not take the value; `EROFS` the image is open read-only.
   *
   * Implements: rbd_metadata_set.
   * @since 0.1.0
   */
  async set(name: string, value: string | number | boolean, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_metadata_set')
    const key = prefix + toText('name', name)
    const text = toText('value', typeof value === 'string' ? value : String(value), { empty: true })
    const task = toTaskOptions(options)
    const set = this.#image.callWith(native.rbd_metadata_set, task, key, text)
    await explained(set, ['EINVAL'], () => whyNotSet(this.#image, key), task.signal)
  }

  /**
   * Lets a setting be again what it is for others.
   *
   * Errors: `ENOENT` the image does not override it; `EROFS`.
   *
   * Implements: rbd_metadata_remove.
   * @since 0.1.0
   */
  async remove(name: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_metadata_remove')
    const key = prefix + toText('name', name)
    const removed = this.#image.callWith(native.rbd_metadata_remove, toTaskOptions(options), key)
    await explained(removed, ['ENOENT'], async () => `it does not override '${name}'`)
  }
}
