import { native } from '../internal/addon.js'
import { toOptions, toText } from '../internal/validate.js'
import { ImageClones } from './clone.js'
import type { OperationOptions } from './handle.js'
import { operationOptions, runOperation } from './operation.js'

/** What an image has of its own. */
export abstract class ImageDiff extends ImageClones {
  /**
   * Bytes of the image's own data objects, each counted whole, as `rbd du` has it; at a snapshot when it is open at
   * one. With `fromSnapshot` only of those that were written since that snapshot. What a clone shares with its parent
   * is not in it. Quick for images with the feature fast-diff; otherwise one request an object. The progress is in
   * bytes of the image's size.
   *
   * Errors: `ENOENT` no such snapshot; `EINVAL` the snapshot is later than what is open; `EBUSY` the image, or one that
   * it is a clone of, is being migrated.
   *
   * Implements: rbd_diff_iterate2.
   * @since 0.1.0
   */
  async diskUsage(options?: OperationOptions & { fromSnapshot?: string }): Promise<number> {
    const known = { ...operationOptions, fromSnapshot: ['from', 'fromSnap'] } as const
    const { fromSnapshot } = toOptions('options', options, known)
    const snapshot = fromSnapshot === undefined ? undefined : toText('options.fromSnapshot', fromSnapshot)
    return runOperation(this, native.rbd_diff_iterate2, options, known, {}, snapshot)
  }
}
