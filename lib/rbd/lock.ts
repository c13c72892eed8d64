import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { RBD_LOCK_MODE } from '../internal/generated/librbd.js'
import { toOneOf, toText } from '../internal/validate.js'
import type { ImageHandle } from './handle.js'

/**
 * Whether others may hold the lock as well.
 *
 * @since 0.1.0
 */
export type LockMode = 'exclusive' | 'shared'

const modes = ['exclusive', 'shared'] as const
const modeNumbers = { exclusive: RBD_LOCK_MODE.EXCLUSIVE, shared: RBD_LOCK_MODE.SHARED }

/**
 * Who holds an image's lock.
 *
 * @since 0.1.0
 */
export interface LockOwner {
  /** librbd's name of the owner: for `locks.break()`. */
  owner: string
  mode: LockMode
}

/**
 * A client that holds a lock of an image.
 *
 * @since 0.1.0
 */
export interface Locker {
  /** `'client.4123'` */
  client: string
  /** What the client calls its lock: `'auto 1407'` when librbd took it for the feature exclusive-lock. */
  cookie: string
  /** Where the client is. */
  address: string
  mode: LockMode
}

/**
 * The locks of an image: `image.locks`. `acquire()` and its like are about the one that librbd manages, which the feature
 * `exclusive-lock` brings.
 *
 * @since 0.1.0
 */
export class Locks {
  readonly #image: ImageHandle
  /** `acquire()` was called, whatever came of it. */
  #manual = false

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /** @internal Why a call of a handle that may write is refused with `EROFS`. */
  whyReadOnly(syscall: string): string {
    return this.#manual && syscall !== 'rbd_lock_acquire'
      ? 'since its locks.acquire() this handle takes no lock by itself, and it holds none: locks.acquire() again, or ' +
          'open the image anew'
      : 'another client holds the lock of the image and keeps it: locks.owners() tells who'
  }

  /**
   * Takes the lock and keeps it until `release()` or `close()`: librbd then does not give it to others on
   * request. Waits for an owner that is willing to let go.
   *
   * Errors: `EROFS` the image is open read-only, or another client holds the lock by `acquire`; `EBUSY` its
   * owner is alive and does not let go; `EINVAL` the image lacks the feature exclusive-lock; `EOPNOTSUPP` for `'shared'`, which
   * librbd only takes by itself.
   *
   * Implements: rbd_lock_acquire.
   * @since 0.1.0
   */
  async acquire(mode: LockMode, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_lock_acquire')
    const given = toOneOf('mode', mode, modes)
    this.#manual = true
    await this.#image.callWith(native.rbd_lock_acquire, toTaskOptions(options), modeNumbers[given])
  }

  /**
   * Gives the lock up. No error when it is not held.
   *
   * From `acquire()` on, also one that failed, librbd (16 to 20) takes the lock no more by itself for writes of this
   * handle. So after it was given up they fail with `EROFS`, until `acquire()`. What changes the image as a whole
   * (`resize()`, `snapshots.create()`) takes the lock again, and keeps it. To share the image again, open it anew.
   *
   * Implements: rbd_lock_release.
   * @since 0.1.0
   */
  async release(options?: CallOptions): Promise<void> {
    await this.#image.callWith(native.rbd_lock_release, toTaskOptions(options))
  }

  /**
   * Whether this handle holds the exclusive lock.
   *
   * Implements: rbd_is_exclusive_lock_owner.
   * @since 0.1.0
   */
  async isOwner(options?: CallOptions): Promise<boolean> {
    return this.#image.callWith(native.rbd_is_exclusive_lock_owner, toTaskOptions(options))
  }

  /**
   * Who holds the lock; empty when nobody does.
   *
   * Implements: rbd_lock_get_owners.
   * @since 0.1.0
   */
  async owners(options?: CallOptions): Promise<LockOwner[]> {
    const [mode, owners] =
      (await this.#image.callWith(native.rbd_lock_get_owners, toTaskOptions(options))) ?? []
    return (owners ?? []).map((owner) => ({ owner, mode: mode as LockMode }))
  }

  /**
   * Who holds a lock of the image now: its exclusive lock, or an advisory one as of `rbd lock add`. Opens the image once
   * more for it: librbd knows only those of the time when it last read the image's header.
   *
   * Errors: `ENOENT` the image was removed.
   *
   * Implements: rbd_list_lockers.
   * @since 0.1.0
   */
  async lockers(options?: CallOptions): Promise<Locker[]> {
    return this.#image.callWith(native.rbd_list_lockers, toTaskOptions(options))
  }

  /**
   * Takes the lock away from an owner and, by default of Ceph, blocklists it: all of its client's
   * further I/O fails with `ESHUTDOWN`.
   *
   * Errors: `ENOENT`, `EBUSY` that owner does not hold it; `EACCES` the user may not blocklist.
   *
   * Implements: rbd_lock_break.
   * @since 0.1.0
   */
  async break(owner: string, mode: LockMode = 'exclusive', options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_lock_break')
    const checked = toOneOf('mode', mode, modes)
    await this.#image.callWith(
      native.rbd_lock_break,
      toTaskOptions(options),
      modeNumbers[checked],
      toText('owner', owner),
    )
  }
}
