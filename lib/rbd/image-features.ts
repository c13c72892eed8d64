import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { type Feature, toFeatures } from './features.js'
import type { ImageHandle } from './handle.js'

/**
 * The features of an image that can be changed while it exists: `image.features`. `image.info()` tells those that it has.
 *
 * @since 0.1.0
 */
export class ImageFeatures {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Gives the image features: `exclusive-lock`, `object-map`, `fast-diff`, `journaling`. Those that others need, it must
   * have or be given at once. An object map that is new is invalid until `image.objectMap.rebuild()`.
   *
   * Errors: `EINVAL` one that it has already, that cannot be given later, or that needs another one; `EROFS` the image is
   * open read-only, or another client holds its lock.
   *
   * Implements: rbd_update_features.
   * @since 0.1.0
   */
  async enable(features: readonly Feature[] | bigint, options?: CallOptions): Promise<void> {
    await this.#update(features, true, options)
  }

  /**
   * Takes features from the image: those of `enable()`, and `deep-flatten`, which cannot be given back. The object map and
   * fast-diff go together.
   *
   * Errors: `EINVAL` one that it does not have, that cannot be taken, or that another one needs; `EROFS`.
   *
   * Implements: rbd_update_features.
   * @since 0.1.0
   */
  async disable(features: readonly Feature[] | bigint, options?: CallOptions): Promise<void> {
    await this.#update(features, false, options)
  }

  async #update(
    features: readonly Feature[] | bigint,
    enabled: boolean,
    options: CallOptions | undefined,
  ): Promise<void> {
    this.#image.checkWritable('rbd_update_features')
    const mask = toFeatures('features', features)
    await this.#image.callWith(native.rbd_update_features, toTaskOptions(options), mask, enabled)
  }
}
