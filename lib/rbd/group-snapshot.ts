import { CephError, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { groupSnapshotNamespaceTypes, groupSnapshotStates } from '../internal/generated/librbd.js'
import { jsonable } from '../internal/json.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeGroupSnapshotWhole } from '../internal/native/rbd-pools.js'
import { toOptions, toText } from '../internal/validate.js'
import type { Group } from './group.js'
import { type GroupDiffOptions, type GroupExtent, groupDiff } from './group-diff.js'
import type { OperationOptions } from './handle.js'
import { toName } from './names.js'
import { operationOptions, runOperation } from './operation.js'
import { type SnapshotQuiesce, toSnapshotFlags } from './quiesce.js'

/**
 * A snapshot of a consistency group, as every release tells of it.
 *
 * @since 0.1.0
 */
export interface GroupSnapshot {
  name: string
  /** `'incomplete'`: making it was interrupted. It can only be removed. */
  state: (typeof groupSnapshotStates)[keyof typeof groupSnapshotStates] | 'unknown'
  /** What else librbd tells since Ceph 20.2; absent before. */
  details?: GroupSnapshotDetails
}

/**
 * What a consistency group's snapshot consists of.
 *
 * @since 0.1.0
 */
export interface GroupSnapshotDetails {
  id: string
  /** Whose it is. */
  namespaceType: (typeof groupSnapshotNamespaceTypes)[keyof typeof groupSnapshotNamespaceTypes] | 'unknown'
  /** What the snapshots of its images are called; empty when it has none. */
  imageSnapshot: string
  /** The images, and the id of the snapshot that belongs to it. */
  images: { image: string; poolId: bigint; pool: string; snapshotId: bigint }[]
}

function toSnapshot(raw: NativeGroupSnapshotWhole): GroupSnapshot {
  const { name, state, namespaceType, images, ...rest } = raw
  return {
    name,
    state: nameOf(groupSnapshotStates, state),
    details: {
      ...rest,
      namespaceType: nameOf(groupSnapshotNamespaceTypes, namespaceType),
      images: images.map(jsonable),
    },
  }
}

/** This host's librbd is older than Ceph 20.2. */
let lacksList2 = false

type Listed = <T>(list: T[], syscall: string, options?: CallOptions) => Promise<T[]>

/**
 * The snapshots of a consistency group: `group.snapshots`.
 *
 * @since 0.1.0
 */
export class GroupSnapshots {
  readonly #group: Group
  readonly #listed: Listed

  /** @internal */
  constructor(group: Group, listed: Listed) {
    this.#group = group
    this.#listed = listed
  }

  /**
   * Makes a snapshot of all its images at one moment: their writes wait meanwhile.
   *
   * Errors: `ENOENT` no such group; `EEXIST`; `EINVAL` an image's quiescing failed, as the watcher had it.
   *
   * Implements: rbd_group_snap_create2.
   * @since 0.1.0
   */
  async create(name: string, options?: CallOptions & { quiesce?: SnapshotQuiesce }): Promise<void> {
    const snapshot = toName('name', name)
    const given = toOptions('options', options, { quiesce: true, signal: true })
    const flags = toSnapshotFlags(given.quiesce)
    const { ioctx, name: group } = this.#group
    const task = toTaskOptions({ signal: given.signal }, { object: group, snapshot })
    await ioctx.callWith(native.rbd_group_snap_create2, task, group, snapshot, flags)
  }

  /**
   * Removes a snapshot from the group and from its images.
   *
   * Errors: `ENOENT` no such group or snapshot.
   *
   * Implements: rbd_group_snap_remove.
   * @since 0.1.0
   */
  async remove(name: string, options?: CallOptions): Promise<void> {
    const snapshot = toText('name', name)
    const { ioctx, name: group } = this.#group
    const task = toTaskOptions(options, { object: group, snapshot })
    await ioctx.callWith(native.rbd_group_snap_remove, task, group, snapshot)
  }

  /**
   * Errors: `ENOENT` no such group or snapshot; `EEXIST`.
   *
   * Implements: rbd_group_snap_rename.
   * @since 0.1.0
   */
  async rename(from: string, to: string, options?: CallOptions): Promise<void> {
    const snapshot = toText('from', from)
    const name = toName('to', to)
    const { ioctx, name: group } = this.#group
    const dest = objectPath({ ...ioctx.about(), image: group, snapshot: name })
    const task = toTaskOptions(options, { object: group, snapshot, dest })
    await ioctx.callWith(native.rbd_group_snap_rename, task, group, snapshot, name)
  }

  /**
   * All its snapshots, with `details` where this host's librbd has them.
   *
   * Errors: `ENOENT` no such group.
   *
   * Implements: rbd_group_snap_list2; rbd_group_snap_list where that is missing; without a snapshot rbd_group_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<GroupSnapshot[]> {
    const { ioctx, name: group } = this.#group
    const task = toTaskOptions(options, { object: group })
    if (!lacksList2) {
      try {
        const list = await ioctx.callWith(native.rbd_group_snap_list2, task, group)
        return (await this.#listed(list, 'rbd_group_snap_list2', options)).map(toSnapshot)
      } catch (error) {
        if (!(error instanceof CephError) || error.code !== 'ENOSYS') throw error
        lacksList2 = true
      }
    }
    const list = await ioctx.callWith(native.rbd_group_snap_list, task, group)
    return (await this.#listed(list, 'rbd_group_snap_list', options)).map(({ name, state }) => ({
      name,
      state: nameOf(groupSnapshotStates, state),
    }))
  }

  /**
   * One snapshot with its details.
   *
   * Errors: `ENOENT` no such group or snapshot; `ENOSYS` this host's librbd is older than Ceph 20.2.0.
   *
   * Implements: rbd_group_snap_get_info.
   * @since 0.1.0
   */
  async get(name: string, options?: CallOptions): Promise<GroupSnapshot & { details: GroupSnapshotDetails }> {
    const snapshot = toText('name', name)
    const { ioctx, name: group } = this.#group
    const task = toTaskOptions(options, { object: group, snapshot })
    const found = await ioctx.callWith(native.rbd_group_snap_get_info, task, group, snapshot)
    return toSnapshot(found) as GroupSnapshot & { details: GroupSnapshotDetails }
  }

  /**
   * Where the images have data at a snapshot, and with `from` where they differ from an earlier one: image after image, each
   * from its beginning. Before Ceph 20.2 without images that have left the group since.
   *
   * ```js
   * for await (const { image, position, length, exists } of group.snapshots.diff('tuesday', { from: 'monday' })) ...
   * ```
   *
   * Errors: `ENOENT` no such group or snapshot; `EINVAL` `from` is the later one.
   *
   * Implements: rbd_diff_iterate3, rbd_diff_iterate2.
   * @since 0.1.0
   */
  diff(name: string, options?: GroupDiffOptions): AsyncGenerator<GroupExtent, void, undefined> {
    return groupDiff(this.#group, name, options)
  }

  /**
   * Makes all images of the group what they were at a snapshot. The group must have the images now that it had then; Ceph 16.2
   * does not look, and rolls back those that the snapshot has. Aborting stops at the next object, so that each image is neither what it was nor what it is to be: rolling back
   * again ends the work.
   *
   * Errors: `ENOENT` no such group or snapshot; `EINVAL` the group has other images now; `EROFS` another client keeps
   * the lock of an image.
   *
   * Implements: rbd_group_snap_rollback_with_progress.
   * @since 0.1.0
   */
  async rollback(name: string, options?: OperationOptions): Promise<void> {
    const snapshot = toText('name', name)
    const { ioctx, name: group } = this.#group
    const call = native.rbd_group_snap_rollback_with_progress
    const object = { object: group, snapshot }
    await runOperation(ioctx, call, options, operationOptions, object, group, snapshot)
  }
}
