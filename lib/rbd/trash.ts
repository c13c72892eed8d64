import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { trashImageSources } from '../internal/generated/librbd.js'
import { jsonable } from '../internal/json.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeTrashEntry } from '../internal/native/rbd.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  outOfRange,
  toBoolean,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { explained, whyNotRemoved } from './explain.js'
import type { OperationOptions, OperationToTheEndOptions } from './handle.js'
import { toName } from './names.js'
import { operationOptions, runOperation, runUnstoppable } from './operation.js'

/**
 * An image in the trash.
 *
 * @since 0.1.0
 */
export interface TrashEntry {
  id: string
  /** What it was called. */
  name: string
  /** Why it is there: a user moved it, mirroring or a migration did, or its removal has not ended. */
  source: (typeof trashImageSources)[keyof typeof trashImageSources] | 'unknown'
  deleted: Date
  /** Until then it is removed by `force` only. */
  deferredUntil: Date
}

/**
 * How an image in the trash is removed.
 *
 * @since 0.1.0
 */
export interface TrashRemoveOptions extends OperationOptions {
  /** Removes it also before the time until which it is deferred. Default false: `EPERM`. */
  force?: boolean
}

/**
 * How an image is moved into the trash.
 *
 * @since 0.1.0
 */
export interface TrashMoveOptions extends CallOptions {
  /** Seconds from now until which only `force` removes it. Default 0. */
  delaySeconds?: number
}

/**
 * What of a trash is purged.
 *
 * @since 0.1.0
 */
export interface TrashPurgeOptions extends OperationToTheEndOptions {
  /** Removes images whose time (`deferredUntil`) has come by then. Default: now. */
  expiredBefore?: Date
  /**
   * Removes more of them, those with the earliest time first, until the pool is this full at most: 0 to 1, of what the
   * pool can hold. Nothing is removed when the pool is not that full. Default: not looked at.
   */
  threshold?: number
}

const purgeOptions: Known<TrashPurgeOptions> = {
  expiredBefore: ['expireTs', 'expires', 'before'],
  threshold: true,
  ...operationOptions,
}
const moveOptions: Known<TrashMoveOptions> = {
  signal: true,
  delaySeconds: ['delay', 'expires'],
}
const removeOptions: Known<TrashRemoveOptions> = { ...operationOptions, force: true }

function toEntry({ deletedMs, deferredUntilMs, source, ...entry }: NativeTrashEntry): TrashEntry {
  return jsonable({
    ...entry,
    source: nameOf(trashImageSources, source),
    deleted: new Date(deletedMs),
    deferredUntil: new Date(deferredUntilMs),
  })
}

/** What librbd has for "no threshold". */
const noThreshold = -1

/** A date in seconds since 1970, never 0, which librbd takes for now. */
function toSeconds(name: string, value: unknown): number {
  if (!(value instanceof Date)) throw invalidArgType(name, 'an instance of Date', value)
  if (Number.isNaN(value.getTime())) throw invalidArgValue(name, 'must be a valid date')
  return Math.max(1, Math.floor(value.getTime() / 1000))
}

function toShare(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (!(value >= 0 && value <= 1)) throw outOfRange(name, '>= 0 and <= 1', value)
  return value
}

/**
 * The trash of a pool and namespace.
 *
 * @since 0.1.0
 */
export class Trash {
  readonly #ioctx: IoCtx

  /** The trash is that of the pool and namespace of an ioctx, which stays the caller's. */
  constructor(ioctx: IoCtx) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
  }

  /**
   * What is in it.
   *
   * Implements: rbd_trash_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<TrashEntry[]> {
    const list = await this.#ioctx.callWith(native.rbd_trash_list, toTaskOptions(options))
    return list.map(toEntry)
  }

  /**
   * Errors: `ENOENT` no such id.
   *
   * Implements: rbd_trash_get.
   * @since 0.1.0
   */
  async get(id: string, options?: CallOptions): Promise<TrashEntry> {
    const image = toText('id', id)
    return toEntry(await this.#ioctx.callWith(native.rbd_trash_get, toTaskOptions(options, { image }), image))
  }

  /**
   * Moves an image into it, by name.
   *
   * Errors: `ENOENT`; `EBUSY` somebody has it open; `EMLINK` it is in a group, since Ceph 18.2.8 and 19.2.3; `EOPNOTSUPP` an
   * image of format 1.
   *
   * Implements: rbd_trash_move.
   * @since 0.1.0
   */
  async move(name: string, options?: TrashMoveOptions): Promise<void> {
    const image = toText('name', name)
    const given = toOptions('options', options, moveOptions)
    const delay = toSize('options.delaySeconds', given.delaySeconds ?? 0)
    const task = toTaskOptions({ signal: given.signal }, { image })
    await explained(
      this.#ioctx.callWith(native.rbd_trash_move, task, image, delay),
      ['EMLINK'],
      (code) => whyNotRemoved(this.#ioctx, image, code),
      task.signal,
    )
  }

  /**
   * Takes an image out of it. `name`: what it is called from then on, by default what it was called before. One whose
   * removal was aborted comes back too, without the data that is gone.
   *
   * Errors: `ENOENT` no such id; `EEXIST` another image has the name; `EINVAL` it is being removed.
   *
   * Implements: rbd_trash_restore.
   * @since 0.1.0
   */
  async restore(id: string, name = '', options?: CallOptions): Promise<void> {
    const image = toText('id', id)
    const task = toTaskOptions(options, { image })
    await this.#ioctx.callWith(native.rbd_trash_restore, task, image, name === '' ? '' : toName('name', name))
  }

  /**
   * Removes an image in it, and its data. Aborting stops at the next object; removing it again ends the work.
   * Until then it is listed and can be restored, with zeros where its data was.
   *
   * Errors: `ENOENT` no such id; `EPERM` its time has not come; `ENOTEMPTY` it has snapshots; `EBUSY` somebody has it open.
   *
   * Implements: rbd_trash_remove_with_progress.
   * @since 0.1.0
   */
  async remove(id: string, options?: TrashRemoveOptions): Promise<void> {
    const image = toText('id', id)
    const force = toBoolean('options.force', toOptions('options', options, removeOptions).force, false)
    const call = native.rbd_trash_remove_with_progress
    await runOperation(this.#ioctx, call, options, removeOptions, { image }, image, force)
  }

  /**
   * Removes the images in it whose time has come, and their data. What a clone, a mirroring or a migration put there
   * stays. An image that cannot be removed does not keep others from it.
   *
   * librbd (16 to 20) purges to the end. To be able to stop it, `remove()` the entries of `list()` one by one. The progress is
   * in images.
   *
   * Errors: those of `remove`, of the first image that stays; `EINVAL`.
   *
   * Implements: rbd_trash_purge_with_progress.
   * @since 0.1.0
   */
  async purge(options?: TrashPurgeOptions): Promise<void> {
    const { expiredBefore, threshold } = toOptions('options', options, purgeOptions)
    // Seconds since 1970; 0 means now.
    const before = expiredBefore === undefined ? 0 : toSeconds('options.expiredBefore', expiredBefore)
    const share = threshold === undefined ? noThreshold : toShare('options.threshold', threshold)
    const call = native.rbd_trash_purge_with_progress
    await runUnstoppable(this.#ioctx, call, options, purgeOptions, {}, before, share)
  }
}
