import { constants } from 'node:os'
import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { RBD_SNAP_REMOVE } from '../internal/generated/librbd.js'
import {
  invalidArgType,
  type Known,
  toBoolean,
  toOptions,
  toSignal,
  toSize,
  toText,
  toUint64,
} from '../internal/validate.js'
import { explained, whySnapshotStays } from './explain.js'
import type { ImageHandle, OperationOptions } from './handle.js'
import { toName } from './names.js'
import { operationOptions, runOperation } from './operation.js'
import { type SnapshotQuiesce, toSnapshotFlags } from './quiesce.js'
import { type SnapshotInfo, toSnapshotInfo } from './snapshot-info.js'

/**
 * How a snapshot is made.
 *
 * @since 0.1.0
 */
export interface CreateSnapshotOptions extends CallOptions {
  /** Default: they are waited for, and the snapshot fails with them. */
  quiesce?: SnapshotQuiesce
}

/**
 * What is done about that which keeps a snapshot.
 *
 * @since 0.1.0
 */
export interface RemoveSnapshotOptions extends OperationOptions {
  /** Unprotects it first. */
  unprotect?: boolean
  /** Makes its clones independent first. */
  flatten?: boolean
}

const createOptions: Known<CreateSnapshotOptions> = { signal: true, quiesce: true }
const removeOptions: Known<RemoveSnapshotOptions> = { ...operationOptions, unprotect: true, flatten: true }

function toRemoveFlags(options: Partial<RemoveSnapshotOptions>): number {
  const { unprotect, flatten } = options
  return (
    (toBoolean('options.unprotect', unprotect, false) ? RBD_SNAP_REMOVE.UNPROTECT : 0) |
    (toBoolean('options.flatten', flatten, false) ? RBD_SNAP_REMOVE.FLATTEN : 0)
  )
}

/** What librbd has for "no limit": 2^64-1. */
const noLimit = 0xffff_ffff_ffff_ffffn

/**
 * The snapshots of an image: `image.snapshots`.
 *
 * @since 0.1.0
 */
export class Snapshots {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Makes a snapshot of the image as it is now. Flush first what must be in it.
   *
   * Errors: `EEXIST`; `EROFS` the image is open read-only; `EDQUOT` the image's snapshot limit; what somebody failed with
   * who was to bring the image to rest, `ETIMEDOUT` when that took too long.
   *
   * Implements: rbd_snap_create2.
   * @since 0.1.0
   */
  async create(name: string, options?: CreateSnapshotOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_create2')
    const snapshot = toName('name', name)
    const { quiesce, signal } = toOptions('options', options, createOptions)
    const flags = toSnapshotFlags(quiesce)
    const task = toTaskOptions({ signal }, { snapshot })
    await this.#image.callWith(native.rbd_snap_create2, task, snapshot, flags)
  }

  /**
   * All the image's snapshots, oldest first: also those of groups, of mirroring and in the trash, which their
   * `namespace` tells.
   *
   * Implements: rbd_snap_list, rbd_snap_get_namespace_type, rbd_snap_is_protected, rbd_snap_get_timestamp,
   * rbd_snap_get_group_namespace, rbd_snap_get_trash_namespace, rbd_snap_get_trash_namespace2,
   * rbd_snap_get_mirror_namespace.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<SnapshotInfo[]> {
    const list = await this.#image.callWith(native.rbd_snap_list, toTaskOptions(options))
    return list.map(toSnapshotInfo)
  }

  /**
   * Removes a snapshot. `unprotect` unprotects it first; `flatten` first makes its clones independent.
   *
   * Errors: `ENOENT`; `EBUSY` it is protected or has clones; `EROFS`.
   *
   * Implements: rbd_snap_remove2.
   * @since 0.1.0
   */
  async remove(name: string, options?: RemoveSnapshotOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_remove2')
    const snapshot = toText('name', name)
    const given = toOptions('options', options, removeOptions)
    const flags = toRemoveFlags(given)
    await explained(
      runOperation(
        this.#image,
        native.rbd_snap_remove2,
        options,
        removeOptions,
        { snapshot },
        snapshot,
        flags,
      ),
      ['EBUSY'],
      () => whySnapshotStays(this.#image, snapshot),
      given.signal,
    )
  }

  /**
   * Removes a snapshot by its id: also one that has no name to go by, of a group or in the trash.
   *
   * Errors: `ENOENT`; `EBUSY` it is protected, or has clones; `EROFS`.
   *
   * Implements: rbd_snap_remove_by_id.
   * @since 0.1.0
   */
  async removeById(id: bigint | number, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_remove_by_id')
    const snapshot = toUint64('id', id)
    const task = toTaskOptions(options, { snapshot: `#${snapshot}` })
    await this.#image.callWith(native.rbd_snap_remove_by_id, task, snapshot)
  }

  /**
   * Removes all snapshots of users, oldest first, and gives the names of those that it removed. The protected ones it leaves
   * until the others are gone, and then rejects, unless `unprotect` is given. The progress counts snapshots; aborting stops
   * after the one that is being removed.
   *
   * Errors: `EBUSY` some are protected, or have clones; `EROFS`.
   *
   * Implements: rbd_snap_list, rbd_snap_remove2.
   * @since 0.1.0
   */
  async purge(options?: RemoveSnapshotOptions): Promise<string[]> {
    this.#image.checkWritable('rbd_snap_remove2')
    const given = toOptions('options', options, removeOptions)
    const { onProgress, unprotect } = given
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidArgType('options.onProgress', 'of type function', onProgress)
    }
    const signal = toSignal(given.signal)
    const flags = toRemoveFlags(given)
    const users = (await this.list({ signal })).filter(({ namespace }) => namespace.type === 'user')
    const kept = unprotect ? [] : users.filter((snapshot) => snapshot.protected).map(({ name }) => name)
    const names = users.map(({ name }) => name).filter((name) => !kept.includes(name))
    for (const [done, snapshot] of names.entries()) {
      const task = toTaskOptions({ signal }, { snapshot })
      await explained(
        this.#image.callWith(native.rbd_snap_remove2, task, snapshot, flags),
        ['EBUSY'],
        () => whySnapshotStays(this.#image, snapshot),
        signal,
      )
      onProgress?.({ done: done + 1, total: names.length })
    }
    if (kept.length > 0) {
      const detail = `${kept.join(', ')}: protected, so unprotect ${kept.length === 1 ? 'it' : 'them'} first`
      throw this.#image.makeError(-constants.errno.EBUSY, 'rbd_snap_remove2', detail)
    }
    return names
  }

  /**
   * Whether the image has a snapshot of that name.
   *
   * Implements: rbd_snap_exists.
   * @since 0.1.0
   */
  async exists(name: string, options?: CallOptions): Promise<boolean> {
    return this.#image.callWith(native.rbd_snap_exists, toTaskOptions(options), toText('name', name))
  }

  /**
   * The id of the snapshot of that name: it stays what it is when the snapshot is renamed.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rbd_snap_get_id.
   * @since 0.1.0
   */
  async getId(name: string, options?: CallOptions): Promise<bigint> {
    const snapshot = toText('name', name)
    return this.#image.callWith(native.rbd_snap_get_id, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * The present name of the snapshot of that id.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rbd_snap_get_name.
   * @since 0.1.0
   */
  async getName(id: bigint | number, options?: CallOptions): Promise<string> {
    const snapshot = toUint64('id', id)
    const task = toTaskOptions(options, { snapshot: `#${snapshot}` })
    return this.#image.callWith(native.rbd_snap_get_name, task, snapshot)
  }

  /**
   * Errors: `ENOENT`; `EEXIST`; `EROFS`.
   *
   * Implements: rbd_snap_rename.
   * @since 0.1.0
   */
  async rename(from: string, to: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_rename')
    const snapshot = toText('from', from)
    const name = toName('to', to)
    const dest = objectPath({ ...this.#image.about(), snapshot: name })
    await this.#image.callWith(
      native.rbd_snap_rename,
      toTaskOptions(options, { snapshot, dest }),
      snapshot,
      name,
    )
  }

  /**
   * Protects a snapshot from removal, so that it can have clones of format 1.
   *
   * Errors: `ENOENT`; `EBUSY` it is protected already; `EROFS`; `ENOSYS` the image lacks the feature layering.
   *
   * Implements: rbd_snap_protect.
   * @since 0.1.0
   */
  async protect(name: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_protect')
    const snapshot = toText('name', name)
    await this.#image.callWith(native.rbd_snap_protect, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * Errors: `ENOENT`; `EBUSY` it has clones; `EINVAL` it is not protected; `EROFS`.
   *
   * Implements: rbd_snap_unprotect.
   * @since 0.1.0
   */
  async unprotect(name: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_unprotect')
    const snapshot = toText('name', name)
    const task = toTaskOptions(options, { snapshot })
    await explained(
      this.#image.callWith(native.rbd_snap_unprotect, task, snapshot),
      ['EBUSY'],
      () => whySnapshotStays(this.#image, snapshot),
      task.signal,
    )
  }

  /**
   * Errors: `ENOENT`.
   *
   * Implements: rbd_snap_is_protected.
   * @since 0.1.0
   */
  async isProtected(name: string, options?: CallOptions): Promise<boolean> {
    const snapshot = toText('name', name)
    return this.#image.callWith(native.rbd_snap_is_protected, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * Puts the image back to what it was at a snapshot. What was written since is lost. Aborting
   * leaves some objects as they were at the snapshot and others as they are now; rolling back again ends the work.
   *
   * Errors: `ENOENT`; `EROFS`.
   *
   * Implements: rbd_snap_rollback_with_progress.
   * @since 0.1.0
   */
  async rollback(name: string, options?: OperationOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_rollback_with_progress')
    const snapshot = toText('name', name)
    await runOperation(
      this.#image,
      native.rbd_snap_rollback_with_progress,
      options,
      operationOptions,
      { snapshot },
      snapshot,
    )
  }

  /**
   * How many snapshots the image may have, or `undefined` when there is no limit.
   *
   * Implements: rbd_snap_get_limit.
   * @since 0.1.0
   */
  async limit(options?: CallOptions): Promise<number | undefined> {
    return this.#image.callWith(native.rbd_snap_get_limit, toTaskOptions(options))
  }

  /**
   * Limits how many snapshots the image may have; `undefined` takes the limit away. Ceph lets a first one be made even when
   * the limit is 0.
   *
   * Errors: `ERANGE` it has more already; `EROFS` it is open read-only.
   *
   * Implements: rbd_snap_set_limit.
   * @since 0.1.0
   */
  async setLimit(limit: number | bigint | undefined, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_set_limit')
    const most = limit === undefined ? noLimit : toSize('limit', limit)
    await this.#image.callWith(native.rbd_snap_set_limit, toTaskOptions(options), most)
  }
}
