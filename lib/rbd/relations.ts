import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { jsonable } from '../internal/json.js'
import { type Known, toOptions, toUint64 } from '../internal/validate.js'
import { ImageContent } from './content.js'
import type { ImageGroup } from './group.js'
import type { OperationOptions } from './handle.js'
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

/**
 * Which clones to list.
 *
 * @since 0.1.0
 */
export interface ListClonesOptions extends CallOptions {
  /** Those of this snapshot only, as `snapshots.list()` has its id. */
  snapshotId?: bigint | number
}

const listClonesOptions: Known<ListClonesOptions> = { signal: true, snapshotId: ['snapshot', 'id'] }

/** What else an image has to do with: its parent and its clones, its group, who has it open. */
export abstract class ImageRelations extends ImageContent {
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
   * The clones of the snapshot that the image is open at; of all its snapshots when it is open at none, or of the one
   * that is named by its id. Those in other pools and in the trash are among them.
   *
   * Errors: `ENOENT` no snapshot of that id.
   *
   * Implements: rbd_list_children3, rbd_snap_set_by_id.
   * @since 0.1.0
   */
  async listChildren(options?: ListClonesOptions): Promise<LinkedImage[]> {
    return this.#listClones(native.rbd_list_children3, options)
  }

  /**
   * The same with the clones of the clones, and theirs.
   *
   * Errors: `ENOENT` no snapshot of that id.
   *
   * Implements: rbd_list_descendants, rbd_snap_set_by_id.
   * @since 0.1.0
   */
  async listDescendants(options?: ListClonesOptions): Promise<LinkedImage[]> {
    return this.#listClones(native.rbd_list_descendants, options)
  }

  async #listClones(
    call: typeof native.rbd_list_children3,
    options: ListClonesOptions | undefined,
  ): Promise<LinkedImage[]> {
    const { snapshotId, signal } = toOptions('options', options, listClonesOptions)
    const id = snapshotId === undefined ? undefined : toUint64('options.snapshotId', snapshotId)
    return (await this.callWith(call, toTaskOptions({ signal }), id)).map(jsonable)
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
   * What a live migration reads the image from, as it was given to `rbd migration prepare`, or `undefined` when the image is
   * not the destination of one.
   *
   * Implements: rbd_get_migration_source_spec.
   * @since 0.1.0
   */
  async migrationSourceSpec(options?: CallOptions): Promise<Record<string, unknown> | undefined> {
    const text = await this.callWith(native.rbd_get_migration_source_spec, toTaskOptions(options))
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>)
  }
}
