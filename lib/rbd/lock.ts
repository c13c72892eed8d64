import { native } from '../internal/addon.js'
import { toOneOf, toText } from '../internal/validate.js'
import { ImageExtents } from './extents.js'

/**
 * Whether others may hold the lock as well.
 *
 * @since 0.1.0
 */
export type LockMode = 'exclusive' | 'shared'

const modes = ['exclusive', 'shared'] as const

/**
 * Who holds an image's lock.
 *
 * @since 0.1.0
 */
export interface LockOwner {
  /** librbd's name of the owner: for `breakLock()`. */
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

/** The image's managed lock: feature `exclusive-lock`. */
export abstract class ImageLock extends ImageExtents {
  /**
   * Takes the lock and keeps it until `releaseLock()` or `close()`: librbd then does not give it to others on
   * request. Waits for an owner that is willing to let go.
   *
   * Errors: `EROFS` the image is open read-only, or another client holds the lock by `acquireLock`; `EBUSY` its
   * owner is alive and does not let go; `EINVAL` the image lacks the feature exclusive-lock; `EOPNOTSUPP` for `'shared'`, which
   * librbd only takes by itself.
   *
   * Implements: rbd_lock_acquire.
   * @since 0.1.0
   */
  async acquireLock(mode: LockMode): Promise<void> {
    this.checkWritable('rbd_lock_acquire')
    await this.call(native.rbd_lock_acquire, toOneOf('mode', mode, modes))
  }

  /**
   * Gives the lock up. No error when it is not held.
   *
   * Implements: rbd_lock_release.
   * @since 0.1.0
   */
  async releaseLock(): Promise<void> {
    await this.call(native.rbd_lock_release)
  }

  /**
   * Whether this handle holds the exclusive lock.
   *
   * Implements: rbd_is_exclusive_lock_owner.
   * @since 0.1.0
   */
  isLockOwner(): Promise<boolean> {
    return this.call(native.rbd_is_exclusive_lock_owner)
  }

  /**
   * Who holds the lock; empty when nobody does.
   *
   * Implements: rbd_lock_get_owners.
   * @since 0.1.0
   */
  lockOwners(): Promise<LockOwner[]> {
    return this.call(native.rbd_lock_get_owners)
  }

  /**
   * Who holds a lock of the image: its exclusive lock, or an advisory one as of `rbd lock add`. A handle that is
   * open read-only knows those of the time when it was opened.
   *
   * Implements: rbd_list_lockers.
   * @since 0.1.0
   */
  listLockers(): Promise<Locker[]> {
    return this.call(native.rbd_list_lockers)
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
  async breakLock(owner: string, mode: LockMode = 'exclusive'): Promise<void> {
    this.checkWritable('rbd_lock_break')
    await this.call(native.rbd_lock_break, toOneOf('mode', mode, modes), toText('owner', owner))
  }
}
