import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { jsonable } from '../internal/json.js'
import { ImageExtents } from './extents.js'
import type { ImageGroup } from './group.js'
import type { OperationOptions } from './handle.js'
import type { MirrorInfo } from './mirror.js'
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

/**
 * Who watches an image: who has it open for writing.
 *
 * @since 0.1.0
 */
export interface Watcher {
  address: string
  /** The client's id. */
  id: bigint
  cookie: bigint
}

/** What else an image has to do with: its parent and its clones, its group, its mirrors, who has it open. */
export abstract class ImageRelations extends ImageExtents {
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

  /**
   * Who has the image open for writing, this handle included.
   *
   * Implements: rbd_watchers_list.
   * @since 0.1.0
   */
  async listWatchers(options?: CallOptions): Promise<Watcher[]> {
    const task = toTaskOptions(options)
    return (await this.callWith(native.rbd_watchers_list, task)).map(jsonable)
  }

  /**
   * The consistency group that the image is in, or `undefined`.
   *
   * Implements: rbd_get_group.
   * @since 0.1.0
   */
  async group(options?: CallOptions): Promise<ImageGroup | undefined> {
    const task = toTaskOptions(options)
    const group = await this.callWith(native.rbd_get_group, task)
    return group && jsonable(group)
  }

  /**
   * How the image is mirrored, or `undefined` when it is not.
   *
   * Implements: rbd_mirror_image_get_info, rbd_mirror_image_get_mode.
   * @since 0.1.0
   */
  async mirrorInfo(options?: CallOptions): Promise<MirrorInfo | undefined> {
    return this.callWith(native.rbd_mirror_image_get_info, toTaskOptions(options))
  }
}
