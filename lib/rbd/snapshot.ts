import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { RBD_SNAP_REMOVE } from '../internal/generated/librbd.js'
import { jsonable } from '../internal/json.js'
import { toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { explained, whySnapshotStays } from './explain.js'
import type { ImageHandle, OperationOptions } from './handle.js'
import { toName } from './names.js'
import { operationOptions, runOperation } from './operation.js'

/**
 * Whose a snapshot is. Those of `'user'` are made by `snapshots.create()` and the like, and named in specs.
 *
 * @since 0.1.0
 */
export type SnapshotNamespace =
  | { type: 'user' }
  /** It is part of a snapshot of a whole consistency group. */
  | { type: 'group'; poolId: bigint; group: string; snapshot: string }
  /** Removed while it had clones of format 2; it goes with the last of them. `name` is what it was called. */
  | { type: 'trash'; name: string }
  /** Mirroring by snapshots made it. */
  | {
      type: 'mirror'
      state: 'primary' | 'primary-demoted' | 'non-primary' | 'non-primary-demoted' | 'unknown'
      /** UUIDs of the peers that have yet to copy it. */
      peers: string[]
      complete: boolean
      /** UUID of the cluster that it was copied from; empty when it was made here. */
      primaryMirrorUuid: string
      /** The id of the snapshot that it was copied from. */
      primarySnapshotId: bigint
      /** Objects copied so far. */
      lastCopiedObject: number
    }
  /** A kind that is newer than rbdkit. */
  | { type: 'unknown' }

/**
 * A snapshot of an image.
 *
 * @since 0.1.0
 */
export interface SnapshotInfo {
  id: bigint
  name: string
  /** Bytes of the image when the snapshot was made. */
  size: number
  /** Whether it is protected; only snapshots of users can be. */
  protected: boolean
  created: Date
  /** @since 0.1.0 */
  namespace: SnapshotNamespace
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
   * Errors: `EEXIST`; `EROFS` the image is open read-only; `EDQUOT` the image's snapshot limit.
   *
   * Implements: rbd_snap_create2.
   * @since 0.1.0
   */
  async create(name: string, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_snap_create2')
    const snapshot = toName('name', name)
    await this.#image.callWith(native.rbd_snap_create2, toTaskOptions(options, { snapshot }), snapshot, 0)
  }

  /**
   * All the image's snapshots, oldest first: also those of groups, of mirroring and in the trash, which their
   * `namespace` tells.
   *
   * Implements: rbd_snap_list, rbd_snap_get_namespace_type, rbd_snap_is_protected, rbd_snap_get_timestamp,
   * rbd_snap_get_group_namespace, rbd_snap_get_trash_namespace, rbd_snap_get_mirror_namespace.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<SnapshotInfo[]> {
    const list = await this.#image.callWith(native.rbd_snap_list, toTaskOptions(options))
    return list.map(({ createdMs, namespace, ...snapshot }) =>
      jsonable({ ...snapshot, created: new Date(createdMs), namespace: jsonable(namespace) }),
    )
  }

  /**
   * Removes a snapshot. `unprotect` unprotects it first; `flatten` first makes its clones independent.
   *
   * Errors: `ENOENT`; `EBUSY` it is protected or has clones; `EROFS`.
   *
   * Implements: rbd_snap_remove2.
   * @since 0.1.0
   */
  async remove(
    name: string,
    options?: OperationOptions & { unprotect?: boolean; flatten?: boolean },
  ): Promise<void> {
    this.#image.checkWritable('rbd_snap_remove2')
    const snapshot = toText('name', name)
    const known = { ...operationOptions, unprotect: true, flatten: true } as const
    const given = toOptions('options', options, known)
    const flags =
      (toBoolean('options.unprotect', given.unprotect, false) ? RBD_SNAP_REMOVE.UNPROTECT : 0) |
      (toBoolean('options.flatten', given.flatten, false) ? RBD_SNAP_REMOVE.FLATTEN : 0)
    await explained(
      runOperation(this.#image, native.rbd_snap_remove2, options, known, { snapshot }, snapshot, flags),
      ['EBUSY'],
      () => whySnapshotStays(this.#image, snapshot),
      given.signal,
    )
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
