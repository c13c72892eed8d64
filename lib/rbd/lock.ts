import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { RBD_LOCK_MODE } from '../internal/generated/librbd.js'
import { type Known, toOneOf, toOptions, toText } from '../internal/validate.js'
import { explained } from './explain.js'
import type { ImageHandle } from './handle.js'
import { LockWatch } from './lock-watch.js'

/**
 * Whether others may hold the lock as well.
 *
 * @since 0.1.0
 */
export type LockMode = 'exclusive' | 'shared'

/**
 * How `locks.acquire()` takes the lock: with `'exclusive-transient'` the writes of others wait until it is given up, with
 * `'exclusive'` they are refused with `EROFS`. The transient one needs Ceph 19.2.4 or 20.2.1.
 *
 * @since 0.1.0
 */
export type AcquireMode = LockMode | 'exclusive-transient'

const modeNumbers = {
  exclusive: RBD_LOCK_MODE.EXCLUSIVE,
  shared: RBD_LOCK_MODE.SHARED,
  'exclusive-transient': RBD_LOCK_MODE.EXCLUSIVE_TRANSIENT,
}
const modes = ['exclusive', 'shared'] as const
const acquireModes = [...modes, 'exclusive-transient'] as const

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
  /** Of a shared advisory lock: those that share it have given the same. librbd's own has `'internal'`. */
  tag: string
}

/**
 * How an advisory lock is taken.
 *
 * @since 0.1.0
 */
export interface AddLockOptions extends CallOptions {
  /** Takes it together with others who give the same tag, which may be empty; default: alone. */
  shared?: string
}

/**
 * Whose advisory lock is taken away.
 *
 * @since 0.1.0
 */
export interface RemoveLockOptions extends CallOptions {
  /** Another client, as `lockers()` has it: `'client.4123'`. Default: the handle's own. */
  client?: string
}

const addOptions: Known<AddLockOptions> = { signal: true, shared: ['tag'] }
const removeOptions: Known<RemoveLockOptions> = { signal: true, client: ['locker'] }

/**
 * The locks of an image: `image.locks`. `acquire()` and its like are about the one that librbd manages, which the feature
 * `exclusive-lock` brings. `add()` and `remove()` are about advisory ones, as of `rbd lock`, which keep nobody but
 * those who take one from anything. An image has one lock: who has an advisory one keeps librbd from taking its own.
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
   * request. Waits for an owner that is willing to let go, and for as long as somebody has an advisory lock. Acquiring it
   * again in the other of the exclusive modes changes to that one.
   *
   * Errors: `EROFS` the image is open read-only, or another client holds the lock by `acquire`; `EBUSY` its
   * owner is alive and does not let go; `EINVAL` the image lacks the feature exclusive-lock; `EOPNOTSUPP` for `'shared'`, which
   * librbd only takes by itself, and for `'exclusive-transient'` where librbd is older than that.
   *
   * Implements: rbd_lock_acquire.
   * @since 0.1.0
   */
  async acquire(mode: AcquireMode, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_lock_acquire')
    const given = toOneOf('mode', mode, acquireModes)
    this.#manual = true
    const task = toTaskOptions(options)
    const acquired = this.#image.callWith(native.rbd_lock_acquire, task, modeNumbers[given])
    await explained(acquired, ['EOPNOTSUPP'], async () =>
      given === 'shared'
        ? 'librbd only takes a shared lock by itself'
        : "this host's librbd is older than Ceph 19.2.4 or 20.2.1",
    )
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

  /**
   * Watches who takes librbd's lock, gives it up, or asks for it.
   *
   * Errors: `EROFS` the image is open read-only, or at a snapshot; `EACCES`, `EPERM` not allowed.
   *
   * Implements: rados_watch3, rados_notify_ack.
   * @since 0.1.0
   */
  async watch(options?: CallOptions): Promise<LockWatch> {
    return LockWatch.open(this.#image, options)
  }

  /**
   * Takes an advisory lock under a cookie of the caller's choice. It stays until `remove()`, also when the image is
   * closed or the client dies.
   *
   * Errors: `EBUSY` somebody holds a lock, librbd its own among them, or a shared one with another tag; `EEXIST` this
   * client holds it already; `EROFS`.
   *
   * Implements: rbd_lock_exclusive, rbd_lock_shared.
   * @since 0.1.0
   */
  async add(cookie: string, options?: AddLockOptions): Promise<void> {
    this.#image.checkWritable('rbd_lock_exclusive')
    const name = toText('cookie', cookie, { empty: true })
    const { shared, signal } = toOptions('options', options, addOptions)
    const task = toTaskOptions({ signal })
    if (shared === undefined) await this.#image.callWith(native.rbd_lock_exclusive, task, name)
    else {
      const tag = toText('options.shared', shared, { empty: true })
      await this.#image.callWith(native.rbd_lock_shared, task, name, tag)
    }
  }

  /**
   * Gives an advisory lock up. One of another client is taken away, and by default of Ceph that client is blocklisted:
   * all of its further I/O fails with `ESHUTDOWN`.
   *
   * Errors: `ENOENT` that client holds no lock of that cookie; `EACCES` the user may not blocklist; `EROFS`.
   *
   * Implements: rbd_unlock, rbd_break_lock.
   * @since 0.1.0
   */
  async remove(cookie: string, options?: RemoveLockOptions): Promise<void> {
    this.#image.checkWritable('rbd_unlock')
    const name = toText('cookie', cookie, { empty: true })
    const { client, signal } = toOptions('options', options, removeOptions)
    const task = toTaskOptions({ signal })
    if (client === undefined) await this.#image.callWith(native.rbd_unlock, task, name)
    else await this.#image.callWith(native.rbd_break_lock, task, toText('options.client', client), name)
  }
}
