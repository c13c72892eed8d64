import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import { type ObjectIo, startObjectIo } from '../internal/dispatcher.js'
import { Resource } from '../internal/resource.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  outOfRange,
  toBoolean,
  toOptions,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import { maxBytes, toBytes } from './bytes.js'
import { type ChecksumOptions, checksumOptions } from './checksum.js'
import { type OperationFlag, toOperationFlags } from './flags.js'
import { Change, Compare, Read, Stat } from './object-io.js'
import { Omap } from './omap.js'
import { type ObjectStat, ReadOp } from './read-op.js'
import { WriteOp } from './write-op.js'
import { Xattrs } from './xattrs.js'

/**
 * How an operation is run.
 *
 * @since 0.1.0
 */
export interface OperateOptions extends CallOptions {
  flags?: readonly OperationFlag[]
  /** When the object is to have been written last; of a WriteOp. Default: now. Before Ceph 18.2 in whole seconds. */
  mtime?: Date
}

/**
 * What an operation answers.
 *
 * @since 0.1.0
 */
export interface OperationResult {
  /** The object's version: after the steps of a WriteOp, for `assertVersion()`. */
  version: bigint
}

const operateOptions: Known<OperateOptions> = { flags: true, mtime: true, signal: true }
const range: Known<{ position: unknown; length: unknown } & CallOptions> = {
  position: ['offset'],
  length: ['size'],
  signal: true,
}

const enosys = -constants.errno.ENOSYS

/**
 * An ioctx's calls on objects themselves. Images are made of objects too: do not touch those by hand.
 *
 * Buffers are lent until the promise settles: do not change, transfer or resize them meanwhile. Calls on one object are
 * done in the order in which they were made.
 */
export abstract class IoCtxObjects extends Resource {
  /** Extended attributes of objects. */
  readonly xattrs: Xattrs = new Xattrs(this)
  /** Keys and values of objects. */
  readonly omap: Omap = new Omap(this)

  /** @internal Starts an asynchronous call. */
  startIo<T>(io: ObjectIo<T>, submit: (slot: number) => number, signal: AbortSignal | undefined): Promise<T> {
    if (!this.open) return Promise.reject(this.closedError(io.syscall))
    return startObjectIo(this, io, submit, signal)
  }

  /**
   * Makes `data` the object's whole content, at once: a reader sees the old or the new. Creates the object.
   *
   * Errors: `EFBIG` larger than the cluster allows; `ENOSPC`, `EDQUOT` full; `EACCES`, `EPERM` not allowed.
   *
   * Implements: rados_aio_write_full.
   * @since 0.1.0
   */
  async writeFull(object: string, data: Uint8Array, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    const view = toBytes('data', data)
    const io = new Change('rados_aio_write_full', name, view)
    const submit = (slot: number): number => native.rados_aio_write_full(slot, this.handle, name, view)
    return this.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Writes `data` at `position`. Creates the object, and extends it; what it has not been given reads as zeros.
   *
   * Errors: as `writeFull`.
   *
   * Implements: rados_aio_write.
   * @since 0.1.0
   */
  async writeObject(
    object: string,
    data: Uint8Array,
    position: number | bigint,
    options?: CallOptions,
  ): Promise<void> {
    const name = toText('object', object)
    const view = toBytes('data', data)
    const at = toSize('position', position)
    const io = new Change('rados_aio_write', name, view)
    const submit = (slot: number): number => native.rados_aio_write(slot, this.handle, name, view, at)
    return this.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Writes `data` behind what the object has. Creates the object.
   *
   * Errors: as `writeFull`.
   *
   * Implements: rados_aio_append.
   * @since 0.1.0
   */
  async appendObject(object: string, data: Uint8Array, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    const view = toBytes('data', data)
    const io = new Change('rados_aio_append', name, view)
    const submit = (slot: number): number => native.rados_aio_append(slot, this.handle, name, view)
    return this.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Writes `data` again and again over `length` bytes, a multiple of its own length. It travels once.
   *
   * Errors: as `writeFull`.
   *
   * Implements: rados_aio_writesame.
   * @since 0.1.0
   */
  async writeSameObject(
    object: string,
    data: Uint8Array,
    options: { position: number | bigint; length: number | bigint } & CallOptions,
  ): Promise<void> {
    const name = toText('object', object)
    const view = toBytes('data', data)
    const given = toOptions('options', options, range)
    const at = toSize('options.position', given.position)
    const bytes = toSize('options.length', given.length, 1, maxBytes)
    if (view.length === 0 || bytes % view.length !== 0)
      throw invalidArgValue('options.length', "must be a multiple of the data's length")
    const io = new Change('rados_aio_writesame', name, view)
    const submit = (slot: number): number =>
      native.rados_aio_writesame(slot, this.handle, name, view, bytes, at)
    return this.startIo(io, submit, toSignal(given.signal))
  }

  /**
   * Makes the object `size` bytes long: cuts it, or puts zeros behind what it has. Creates the object.
   *
   * Errors: as `writeFull`.
   *
   * Implements: rados_write_op_truncate, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  async truncateObject(object: string, size: number | bigint, options?: CallOptions): Promise<void> {
    await this.operate(object, new WriteOp().truncate(size), options)
  }

  /**
   * Makes bytes of the object zero. It creates no object; zeros behind its end may extend it.
   *
   * Errors: as `writeFull`.
   *
   * Implements: rados_write_op_zero, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  async zeroObject(
    object: string,
    options: { position: number | bigint; length: number | bigint } & CallOptions,
  ): Promise<void> {
    const { signal, ...what } = toOptions('options', options, range)
    await this.operate(object, new WriteOp().zero(what as typeof options), { signal })
  }

  /**
   * Does all steps of an operation to an object, or none. The result of a {@link ReadOp} has what each of its steps has
   * read.
   *
   * Errors: those of its steps; the message says which step it was when the OSD tells. `ENOSYS` a step that this host's
   * librados does not have.
   *
   * Implements: rados_create_write_op, rados_aio_write_op_operate2, rados_aio_write_op_operate, rados_release_write_op,
   * rados_create_read_op, rados_aio_read_op_operate, rados_release_read_op, rados_aio_get_version.
   * @since 0.1.0
   */
  async operate(object: string, operation: WriteOp, options?: OperateOptions): Promise<OperationResult>
  async operate<R extends readonly unknown[]>(
    object: string,
    operation: ReadOp<R>,
    options?: Omit<OperateOptions, 'mtime'>,
  ): Promise<OperationResult & { results: R }>
  async operate(
    object: string,
    operation: WriteOp | ReadOp<unknown[]>,
    options?: OperateOptions,
  ): Promise<OperationResult & { results?: unknown[] }> {
    const name = toText('object', object)
    if (!(operation instanceof WriteOp || operation instanceof ReadOp))
      throw invalidArgType('operation', 'an instance of WriteOp or ReadOp', operation)
    const { signal, mtime, flags } = toOptions('options', options, operateOptions)
    const task = toTaskOptions({ signal }, { object: name })
    const mask = toOperationFlags('options.flags', flags)
    if (mtime !== undefined && !(mtime instanceof Date))
      throw invalidArgType('options.mtime', 'an instance of Date', mtime)
    if (operation instanceof WriteOp) {
      const { steps } = operation
      const ms = mtime === undefined ? Number.NaN : toSize('options.mtime', mtime.getTime())
      const { version } = await this.callWith(native.rados_aio_write_op_operate, task, name, steps, ms, mask)
      return { version }
    }
    if (mtime !== undefined) throw invalidArgValue('options.mtime', 'is of an operation that writes')
    const answers = [...operation.answers] // steps may be added meanwhile
    const found = await this.callWith(native.rados_aio_read_op_operate, task, name, operation.steps, mask)
    const results = answers.flatMap((answer, i) => {
      if (answer === undefined) return []
      const one = found.results[i]
      return [one === undefined ? undefined : answer(one)]
    })
    return { version: found.version, results }
  }

  /**
   * Creates an empty object. One that exists is left as it is, or with `exclusive` an error.
   *
   * Errors: `EEXIST`.
   *
   * Implements: rados_write_op_create, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  async createObject(object: string, options?: CallOptions & { exclusive?: boolean }): Promise<void> {
    const { exclusive, signal } = toOptions('options', options, { exclusive: true, signal: true })
    const isExclusive = toBoolean('options.exclusive', exclusive, false)
    await this.operate(object, new WriteOp().create({ exclusive: isExclusive }), { signal })
  }

  /**
   * Reads up to `length` bytes from `position`; fewer when the object ends before. Default: all of it.
   *
   * Errors: `ENOENT` no such object; `EFBIG` it has more than 1 GiB and no `length` was given.
   *
   * Implements: rados_aio_read; without `length` rados_aio_stat2 or rados_aio_stat first.
   * @since 0.1.0
   */
  async readObject(
    object: string,
    options?: CallOptions & { position?: number | bigint; length?: number },
  ): Promise<Buffer> {
    const name = toText('object', object)
    const given = toOptions('options', options, range)
    const position = toSize('options.position', given.position ?? 0)
    const signal = toSignal(given.signal)
    let length = given.length === undefined ? undefined : toSize('options.length', given.length, 0, maxBytes)
    if (length === undefined) {
      const { size } = await this.statObject(name, { signal })
      length = Math.max(0, size - position)
      if (length > maxBytes)
        throw this.makeError(-constants.errno.EFBIG, 'rados_aio_read', 'give a length', { object: name })
    }
    // A read of no bytes would mean the whole object to the OSD.
    if (length === 0) return Buffer.alloc(0)
    const buffer = Buffer.allocUnsafeSlow(length)
    const submit = (slot: number): number => native.rados_aio_read(slot, this.handle, name, buffer, position)
    return this.startIo(new Read('rados_aio_read', name, buffer), submit, signal)
  }

  /**
   * Compares bytes with the object's at `position`, on the OSD: `undefined` when they are the same, else how many bytes
   * into `data` the first difference is. Where the object has ended it has zeros.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_aio_cmpext.
   * @since 0.1.0
   */
  async compareObject(
    object: string,
    data: Uint8Array,
    position: number | bigint,
    options?: CallOptions,
  ): Promise<number | undefined> {
    const name = toText('object', object)
    const view = toBytes('data', data)
    const at = toSize('position', position)
    const submit = (slot: number): number => native.rados_aio_cmpext(slot, this.handle, name, view, at)
    return this.startIo(new Compare(name, view), submit, toCallSignal(options))
  }

  /**
   * Checksums of the object's bytes, which the OSD computes: numbers, for `'xxhash64'` bigints; one for each chunk, or one.
   *
   * Errors: `ENOENT`; `ERR_OUT_OF_RANGE` the object ends before, for which an OSD has no error.
   *
   * Implements: rados_read_op_checksum, rados_read_op_stat, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async checksumObject(object: string, options: ChecksumOptions & CallOptions): Promise<(number | bigint)[]> {
    const { signal, ...which } = toOptions('options', options, { ...checksumOptions, signal: true })
    const op = new ReadOp().stat().checksum(which as ChecksumOptions)
    const { results } = await this.operate(object, op, { signal })
    const [{ size }, checksums] = results
    const end = Number(which.position ?? 0) + Number(which.length)
    if (end > size) throw outOfRange('options.length', `within the object's ${size} bytes`, which.length)
    return checksums
  }

  /**
   * Calls a method of an object class on the object, and gives its answer. One that changes the object answers nothing
   * unless the cluster allows it to.
   *
   * Errors: `EOPNOTSUPP` no such method; `EPERM` no such class, or not allowed; what the method answers.
   *
   * Implements: rados_read_op_exec, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async execObject(
    object: string,
    cls: string,
    method: string,
    input: Uint8Array = new Uint8Array(),
    options?: CallOptions,
  ): Promise<Buffer> {
    const op = new ReadOp().exec(cls, method, input)
    const { results } = await this.operate(object, op, { signal: toCallSignal(options) })
    return results[0]
  }

  /**
   * Size and time of an object.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_aio_stat2, rados_aio_stat.
   * @since 0.1.0
   */
  async statObject(object: string, options?: CallOptions): Promise<ObjectStat> {
    const name = toText('object', object)
    const io = new Stat(name)
    const view = Buffer.from(io.view.buffer)
    const submit = (slot: number): number => {
      const r = native.rados_aio_stat2(slot, this.handle, name, view)
      if (r !== enosys) return r
      io.syscall = 'rados_aio_stat' // before Ceph 18.2
      return native.rados_aio_stat(slot, this.handle, name, view)
    }
    return this.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Removes an object. Its watchers lose their watches.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_aio_remove.
   * @since 0.1.0
   */
  async removeObject(object: string, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    const submit = (slot: number): number => native.rados_aio_remove(slot, this.handle, name)
    return this.startIo(new Change('rados_aio_remove', name), submit, toCallSignal(options))
  }

  /**
   * Resolves when every change that was started before has been made, or has failed.
   *
   * Implements: rados_aio_flush_async.
   * @since 0.1.0
   */
  async flush(options?: CallOptions): Promise<void> {
    const submit = (slot: number): number => native.rados_aio_flush_async(slot, this.handle, '')
    return this.startIo(new Change('rados_aio_flush_async', ''), submit, toCallSignal(options))
  }
}
