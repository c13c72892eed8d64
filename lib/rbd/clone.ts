import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { jsonable } from '../internal/json.js'
import type { OperationOptions } from './handle.js'
import { ImageMetadata } from './metadata.js'
import { operationOptions, runOperation } from './operation.js'

/**
 * An image at the other end of a clone.
 *
 * @since 0.1.0
 */
export interface LinkedImage {
  poolId: bigint
  pool: string
  /** Empty for the default namespace. */
  namespace: string
  id: string
  image: string
  /** It lies in the trash. */
  trash: boolean
}

/**
 * The snapshot that a clone was made of.
 *
 * @since 0.1.0
 */
export interface ParentImage extends LinkedImage {
  snapshot: string
  snapshotId: bigint
}

/** Parents and children. `Image.clone()` makes a clone. */
export abstract class ImageClones extends ImageMetadata {
  /**
   * Copies what the image still shares with its parent, and lets the parent go.
   *
   * Errors: `EINVAL` it has no parent; `EROFS`.
   *
   * Implements: rbd_flatten_with_progress.
   * @since 0.1.0
   */
  async flatten(options?: OperationOptions): Promise<void> {
    this.checkWritable('rbd_flatten_with_progress')
    await runOperation(this, native.rbd_flatten_with_progress, options, operationOptions, {})
  }

  /**
   * The clones of the snapshot that the image is open at; of all its snapshots when it is open at none.
   *
   * Implements: rbd_list_children3.
   * @since 0.1.0
   */
  async listChildren(options?: CallOptions): Promise<LinkedImage[]> {
    const task = toTaskOptions(options)
    return (await this.callWith(native.rbd_list_children3, task)).map(jsonable)
  }

  /**
   * What the image was cloned from, or `undefined`.
   *
   * Implements: rbd_get_parent.
   * @since 0.1.0
   */
  async parent(options?: CallOptions): Promise<ParentImage | undefined> {
    const task = toTaskOptions(options)
    const found = await this.callWith(native.rbd_get_parent, task)
    return found && jsonable({ ...found[0], ...found[1] })
  }
}
