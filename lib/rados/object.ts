import { CephError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { Resource } from '../internal/resource.js'
import { invalidArgType, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { maxBytes, toBytes } from './bytes.js'
import { WriteOp } from './write-op.js'

/**
 * An object's size in bytes and when it was last written, in milliseconds since 1970; before Ceph 18.2 whole seconds.
 *
 * @since 0.1.0
 */
export interface ObjectStat {
  size: number
  mtimeMs: number
}

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
  /** A text for people who look at the lock. */
  description?: string
  /** Milliseconds until the lock is free by itself. Default: never, not even when the client dies. */
  durationMs?: number
  /** Takes it again when this client holds it, from now for `durationMs`. Default `false`. */
  renew?: boolean
}

const objectLock: Known<ObjectLock> = { name: true, cookie: true, signal: true }
const lockObjectOptions: Known<LockObjectOptions> = {
  ...objectLock,
  description: true,
  durationMs: ['duration'],
  renew: true,
}

/** This host's librados is older than Ceph 18.2. */
let lacksStat2 = false

/** An ioctx's calls on objects themselves. Images are made of objects too: do not touch those by hand. */
export abstract class IoCtxObjects extends Resource {
  /**
   * Makes `data` the object's whole content, at once: a reader sees the old or the new. Creates the object.
   *
   * Errors: `EFBIG` larger than the cluster allows; `ENOSPC`, `EDQUOT` full; `EACCES`, `EPERM` not allowed.
   *
   * Implements: rados_write_full.
   * @since 0.1.0
   */
  async writeFull(object: string, data: Uint8Array, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    await this.callWith(
      native.rados_write_full,
      toTaskOptions(options, { object: name }),
      name,
      toBytes('data', data),
    )
  }

  /**
   * Does all steps of an operation to an object, or none.
   *
   * Errors: those of its steps; the message says which step it was when the OSD tells.
   *
   * Implements: rados_create_write_op, rados_write_op_operate2, rados_release_write_op.
   * @since 0.1.0
   */
  async operate(object: string, operation: WriteOp, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    if (!(operation instanceof WriteOp))
      throw invalidArgType('operation', 'an instance of WriteOp', operation)
    const task = toTaskOptions(options, { object: name })
    await this.callWith(native.rados_write_op_operate2, task, name, operation.steps)
  }

  /**
   * Creates an empty object. One that exists is left as it is, or with `exclusive` an error.
   *
   * Errors: `EEXIST`.
   *
   * Implements: rados_write_op_create, rados_write_op_operate.
   * @since 0.1.0
   */
  async createObject(object: string, options?: CallOptions & { exclusive?: boolean }): Promise<void> {
    const name = toText('object', object)
    const given = toOptions('options', options, { exclusive: true, signal: true })
    const exclusive = toBoolean('options.exclusive', given.exclusive, false)
    const task = toTaskOptions({ signal: given.signal }, { object: name })
    await this.callWith(native.rados_write_op_create, task, name, exclusive)
  }

  /**
   * Reads up to `length` bytes from `position`; fewer when the object ends before. Default: all of it.
   *
   * Errors: `ENOENT` no such object; `EFBIG` it has more than 1 GiB and no `length` was given.
   *
   * Implements: rados_read; without `length` rados_stat first.
   * @since 0.1.0
   */
  async readObject(
    object: string,
    options?: CallOptions & { position?: number | bigint; length?: number },
  ): Promise<Buffer> {
    const name = toText('object', object)
    const given = toOptions('options', options, { position: ['offset'], length: true, signal: true })
    const position = toSize('options.position', given.position ?? 0)
    let length = given.length === undefined ? undefined : toSize('options.length', given.length, 0, maxBytes)
    if (length === undefined) {
      const { size } = await this.statObject(name, { signal: given.signal })
      length = Math.max(0, size - position)
      if (length > maxBytes) throw this.makeError(-27, 'rados_read', 'give a length', { object: name }) // EFBIG
    }
    // A read of no bytes would mean the whole object to the OSD.
    if (length === 0) return Buffer.alloc(0)
    return this.callWith(
      native.rados_read,
      toTaskOptions({ signal: given.signal }, { object: name }),
      name,
      position,
      length,
    )
  }

  /**
   * Size and time of an object.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_stat2, rados_stat.
   * @since 0.1.0
   */
  async statObject(object: string, options?: CallOptions): Promise<ObjectStat> {
    const name = toText('object', object)
    const task = toTaskOptions(options, { object: name })
    const asked = lacksStat2 ? native.rados_stat : native.rados_stat2
    try {
      const [size, mtimeMs] = await this.callWith(asked, task, name)
      return { size, mtimeMs }
    } catch (error) {
      // Several calls may find out at the same time.
      if (asked === native.rados_stat || !(error instanceof CephError) || error.code !== 'ENOSYS') throw error
      lacksStat2 = true
      return this.statObject(name, options)
    }
  }

  /**
   * Removes an object. Its watchers lose their watches.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_remove.
   * @since 0.1.0
   */
  async removeObject(object: string, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    await this.callWith(native.rados_remove, toTaskOptions(options, { object: name }), name)
  }

  /**
   * Takes an advisory exclusive lock on an object, which is created if need be. Does not wait.
   *
   * Errors: `EBUSY` somebody else has it; `EEXIST` this client has it, with the same cookie, and `renew` is not set.
   *
   * Implements: rados_lock_exclusive.
   * @since 0.1.0
   */
  async lockObject(object: string, lock: LockObjectOptions): Promise<void> {
    const name = toText('object', object)
    const given = toOptions('lock', lock, lockObjectOptions)
    await this.callWith(
      native.rados_lock_exclusive,
      toTaskOptions({ signal: given.signal }, { object: name }),
      name,
      toText('lock.name', given.name),
      toText('lock.cookie', given.cookie ?? '', { empty: true }),
      toText('lock.description', given.description ?? '', { empty: true }),
      toSize('lock.durationMs', given.durationMs ?? 0),
      toBoolean('lock.renew', given.renew, false),
    )
  }

  /**
   * Gives up a lock that this client holds.
   *
   * Errors: `ENOENT` it does not hold it.
   *
   * Implements: rados_unlock.
   * @since 0.1.0
   */
  async unlockObject(object: string, lock: ObjectLock): Promise<void> {
    const name = toText('object', object)
    const given = toOptions('lock', lock, objectLock)
    const cookie = toText('lock.cookie', given.cookie ?? '', { empty: true })
    await this.callWith(
      native.rados_unlock,
      toTaskOptions({ signal: given.signal }, { object: name }),
      name,
      toText('lock.name', given.name),
      cookie,
    )
  }
}
