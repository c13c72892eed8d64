import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import { LIBRADOS_LOCK_FLAG } from '../internal/generated/librados.js'
import {
  invalidArgValue,
  type Known,
  toOneOf,
  toOptions,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import { IoCtxObjects } from './object.js'
import { Change } from './object-io.js'

/**
 * Which lock of an object, and whose.
 *
 * @since 0.1.0
 */
export interface ObjectLock extends CallOptions {
  /** The lock's name: an object may have several. */
  name: string
  /** Tells the locks of one client apart. Default empty. */
  cookie?: string
}

/**
 * Options of `ioctx.lockObject()`.
 *
 * @since 0.1.0
 */
export interface LockObjectOptions extends ObjectLock {
  /** Whether others may have it as well. Default `'exclusive'`. */
  mode?: 'exclusive' | 'shared'
  /** Of a shared lock: those that share it have the same. Default empty. */
  tag?: string
  /** A text for people who look at the lock. */
  description?: string
  /** Milliseconds until the lock is free by itself. Default: never, not even when the client dies. */
  durationMs?: number
  /**
   * Takes it again when this client holds it, from now for `durationMs`; `'must'`: only then. Default `false`.
   */
  renew?: boolean | 'must'
}

/**
 * Who holds a lock of an object.
 *
 * @since 0.1.0
 */
export interface ObjectLocker {
  /** `'client.4123'`: the number is its `cluster.clientId()`. */
  client: string
  cookie: string
  /** Where the client is: `'v1:127.0.0.1:0/3710147553'`. */
  address: string
}

/**
 * A lock of an object and who holds it.
 *
 * @since 0.1.0
 */
export interface ObjectLockers {
  mode: 'exclusive' | 'shared'
  /** Of a shared lock; else empty. */
  tag: string
  lockers: ObjectLocker[]
}

const objectLock: Known<ObjectLock> = { name: true, cookie: true, signal: true }
const lockObjectOptions: Known<LockObjectOptions> = {
  ...objectLock,
  mode: true,
  tag: true,
  description: true,
  durationMs: ['duration'],
  renew: true,
}

function toRenew(renew: unknown): number {
  if (renew === undefined || renew === false) return 0
  if (renew === true) return LIBRADOS_LOCK_FLAG.MAY_RENEW
  if (renew === 'must') return LIBRADOS_LOCK_FLAG.MUST_RENEW
  throw invalidArgValue('lock.renew', "must be true, false or 'must'")
}

/** An ioctx's advisory locks on objects. */
export abstract class IoCtxLocks extends IoCtxObjects {
  /**
   * Takes an advisory lock on an object, which is created if need be. Does not wait.
   *
   * Errors: `EBUSY` somebody else has it; `EEXIST` this client has it, with the same cookie, and `renew` is not set;
   * `ENOENT` with `renew: 'must'` it does not have it.
   *
   * Implements: rados_lock_exclusive, rados_lock_shared.
   * @since 0.1.0
   */
  async lockObject(object: string, lock: LockObjectOptions): Promise<void> {
    const name = toText('object', object)
    const given = toOptions('lock', lock, lockObjectOptions)
    const mode = toOneOf('lock.mode', given.mode ?? 'exclusive', ['exclusive', 'shared'])
    const task = toTaskOptions({ signal: given.signal }, { object: name })
    const which = [
      toText('lock.name', given.name),
      toText('lock.cookie', given.cookie ?? '', { empty: true }),
    ] as const
    const rest = [
      toText('lock.description', given.description ?? '', { empty: true }),
      toSize('lock.durationMs', given.durationMs ?? 0),
      toRenew(given.renew),
    ] as const
    if (mode === 'shared') {
      const tag = toText('lock.tag', given.tag ?? '', { empty: true })
      return this.callWith(native.rados_lock_shared, task, name, ...which, tag, ...rest)
    }
    if (given.tag !== undefined) throw invalidArgValue('lock.tag', 'is of a shared lock')
    return this.callWith(native.rados_lock_exclusive, task, name, ...which, ...rest)
  }

  /**
   * Gives up a lock that this client holds.
   *
   * Errors: `ENOENT` it does not hold it.
   *
   * Implements: rados_aio_unlock.
   * @since 0.1.0
   */
  async unlockObject(object: string, lock: ObjectLock): Promise<void> {
    const name = toText('object', object)
    const given = toOptions('lock', lock, objectLock)
    const lockName = toText('lock.name', given.name)
    const cookie = toText('lock.cookie', given.cookie ?? '', { empty: true })
    const submit = (slot: number): number =>
      native.rados_aio_unlock(slot, this.handle, name, lockName, cookie)
    return this.startIo(new Change('rados_aio_unlock', name), submit, toSignal(given.signal))
  }

  /**
   * Who holds a lock of an object; nobody when there is no such lock.
   *
   * Errors: `ENOENT` no such object.
   *
   * Implements: rados_list_lockers.
   * @since 0.1.0
   */
  async objectLockers(object: string, lockName: string, options?: CallOptions): Promise<ObjectLockers> {
    const name = toText('object', object)
    const lock = toText('lockName', lockName)
    const task = toTaskOptions({ signal: toCallSignal(options) }, { object: name })
    const { exclusive, tag, lockers } = await this.callWith(native.rados_list_lockers, task, name, lock)
    return { mode: exclusive ? 'exclusive' : 'shared', tag, lockers }
  }

  /**
   * Takes a lock away from a client, which does not hear of it: `cluster.blocklistAdd()` keeps it from writing.
   *
   * Errors: `ENOENT` it does not hold it; `EINVAL` `client` is no client's name.
   *
   * Implements: rados_break_lock.
   * @since 0.1.0
   */
  async breakObjectLock(object: string, lock: ObjectLock & { client: string }): Promise<void> {
    const name = toText('object', object)
    const { signal, ...given } = toOptions('lock', lock, { ...objectLock, client: true })
    await this.callWith(
      native.rados_break_lock,
      toTaskOptions({ signal }, { object: name }),
      name,
      toText('lock.name', given.name),
      toText('lock.client', given.client),
      toText('lock.cookie', given.cookie ?? '', { empty: true }),
    )
  }
}
