import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { jsonable } from '../internal/json.js'
import { toBoolean, toOptions, toText } from '../internal/validate.js'
import { ImageDiff } from './diff.js'
import { explained, whySnapshotStays } from './explain.js'
import type { OperationOptions } from './handle.js'
import { toName } from './names.js'
import { operationOptions, runOperation } from './operation.js'

/**
 * Whose a snapshot is. Those of `'user'` are made by `createSnapshot()` and the like, and named in specs.
 *
 * @since 0.1.0
 */
export type SnapshotNamespace =
  | { type: 'user' }
  /** Of a snapshot of a whole consistency group. */
  | { type: 'group'; poolId: bigint; group: string; snapshot: string }
  /** Removed while it had clones of format 2; it goes with the last of them. `name` is what it was called. */
  | { type: 'trash'; name: string }
  /** Of mirroring by snapshots. */
  | {
      type: 'mirror'
      state: 'primary' | 'primary-demoted' | 'non-primary' | 'non-primary-demoted' | 'unknown'
      /** UUIDs of the peers that have yet to copy it. */
      peers: string[]
      complete: boolean
      /** UUID of the cluster that it was copied from; empty when it was made here. */
      primaryMirrorUuid: string
      /** Of the snapshot that it was copied from. */
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
  /** Only snapshots of users are. */
  protected: boolean
  created: Date
  /** @since 0.1.0 */
  namespace: SnapshotNamespace
}

/** RBD_SNAP_REMOVE_UNPROTECT and RBD_SNAP_REMOVE_FLATTEN of rbd/librbd.h. */
const removeUnprotect = 1
const removeFlatten = 2

/** Snapshots. */
export abstract class ImageSnapshots extends ImageDiff {
  /**
   * Makes a snapshot of the image as it is now. Flush first what must be in it.
   *
   * Errors: `EEXIST`; `EROFS` the image is open read-only; `EDQUOT` the image's snapshot limit.
   *
   * Implements: rbd_snap_create2.
   * @since 0.1.0
   */
  async createSnapshot(name: string, options?: CallOptions): Promise<void> {
    this.checkWritable('rbd_snap_create2')
    const snapshot = toName('name', name)
    await this.callWith(native.rbd_snap_create2, toTaskOptions(options, { snapshot }), snapshot, 0)
  }

  /**
   * All the image's snapshots, oldest first: also those of groups, of mirroring and in the trash, which their
   * `namespace` tells.
   *
   * Implements: rbd_snap_list, rbd_snap_get_namespace_type, rbd_snap_is_protected, rbd_snap_get_timestamp,
   * rbd_snap_get_group_namespace, rbd_snap_get_trash_namespace, rbd_snap_get_mirror_namespace.
   * @since 0.1.0
   */
  async listSnapshots(options?: CallOptions): Promise<SnapshotInfo[]> {
    const list = await this.callWith(native.rbd_snap_list, toTaskOptions(options))
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
  async removeSnapshot(
    name: string,
    options?: OperationOptions & { unprotect?: boolean; flatten?: boolean },
  ): Promise<void> {
    this.checkWritable('rbd_snap_remove2')
    const snapshot = toText('name', name)
    const known = { ...operationOptions, unprotect: true, flatten: true } as const
    const given = toOptions('options', options, known)
    const flags =
      (toBoolean('options.unprotect', given.unprotect, false) ? removeUnprotect : 0) |
      (toBoolean('options.flatten', given.flatten, false) ? removeFlatten : 0)
    await explained(
      runOperation(this, native.rbd_snap_remove2, options, known, { snapshot }, snapshot, flags),
      ['EBUSY'],
      () => whySnapshotStays(this, snapshot),
      given.signal,
    )
  }

  /**
   * Errors: `ENOENT`; `EEXIST`; `EROFS`.
   *
   * Implements: rbd_snap_rename.
   * @since 0.1.0
   */
  async renameSnapshot(from: string, to: string, options?: CallOptions): Promise<void> {
    this.checkWritable('rbd_snap_rename')
    const snapshot = toText('from', from)
    const name = toName('to', to)
    const { pool, namespace } = this.ioctx
    const dest = objectPath({ pool, namespace, image: this.name, snapshot: name })
    await this.callWith(native.rbd_snap_rename, toTaskOptions(options, { snapshot, dest }), snapshot, name)
  }

  /**
   * Protects a snapshot from removal, so that it can have clones of format 1.
   *
   * Errors: `ENOENT`; `EBUSY` it is protected already; `EROFS`; `ENOSYS` the image lacks the feature layering.
   *
   * Implements: rbd_snap_protect.
   * @since 0.1.0
   */
  async protectSnapshot(name: string, options?: CallOptions): Promise<void> {
    this.checkWritable('rbd_snap_protect')
    const snapshot = toText('name', name)
    await this.callWith(native.rbd_snap_protect, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * Errors: `ENOENT`; `EBUSY` it has clones; `EINVAL` it is not protected; `EROFS`.
   *
   * Implements: rbd_snap_unprotect.
   * @since 0.1.0
   */
  async unprotectSnapshot(name: string, options?: CallOptions): Promise<void> {
    this.checkWritable('rbd_snap_unprotect')
    const snapshot = toText('name', name)
    const task = toTaskOptions(options, { snapshot })
    await explained(
      this.callWith(native.rbd_snap_unprotect, task, snapshot),
      ['EBUSY'],
      () => whySnapshotStays(this, snapshot),
      task.signal,
    )
  }

  /**
   * Errors: `ENOENT`.
   *
   * Implements: rbd_snap_is_protected.
   * @since 0.1.0
   */
  async isSnapshotProtected(name: string, options?: CallOptions): Promise<boolean> {
    const snapshot = toText('name', name)
    return this.callWith(native.rbd_snap_is_protected, toTaskOptions(options, { snapshot }), snapshot)
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
  async rollbackToSnapshot(name: string, options?: OperationOptions): Promise<void> {
    this.checkWritable('rbd_snap_rollback_with_progress')
    const snapshot = toText('name', name)
    await runOperation(
      this,
      native.rbd_snap_rollback_with_progress,
      options,
      operationOptions,
      { snapshot },
      snapshot,
    )
  }
}
