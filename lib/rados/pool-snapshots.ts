import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import { invalidArgType, outOfRange, toText, toUint64 } from '../internal/validate.js'
import type { IoCtx } from './ioctx.js'
import { Change } from './object-io.js'

/**
 * A snapshot of a pool.
 *
 * @since 0.1.0
 */
export interface PoolSnapshot {
  id: bigint
  name: string
  createdAt: Date
}

/**
 * Snapshots of all objects of a pool: `ioctx.snapshots`. `cluster.openIoCtx(pool, { snapshot })` reads at one. A pool has
 * either these or self-managed ones; a pool with images has those.
 *
 * @since 0.1.0
 */
export class PoolSnapshots {
  readonly #ioctx: IoCtx

  /** @internal */
  constructor(ioctx: IoCtx) {
    this.#ioctx = ioctx
  }

  /**
   * Errors: `EEXIST`; `EINVAL` the pool has self-managed snapshots; `EACCES`.
   *
   * Implements: rados_ioctx_snap_create.
   * @since 0.1.0
   */
  async create(name: string, options?: CallOptions): Promise<void> {
    const snapshot = toText('name', name, { empty: true })
    await this.#ioctx.callWith(native.rados_ioctx_snap_create, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * Errors: `ENOENT`; `EACCES`.
   *
   * Implements: rados_ioctx_snap_remove.
   * @since 0.1.0
   */
  async remove(name: string, options?: CallOptions): Promise<void> {
    const snapshot = toText('name', name, { empty: true })
    await this.#ioctx.callWith(native.rados_ioctx_snap_remove, toTaskOptions(options, { snapshot }), snapshot)
  }

  /**
   * Makes an object what it was. One that was not there is removed.
   *
   * Errors: `ENOENT` no such snapshot.
   *
   * Implements: rados_ioctx_snap_rollback.
   * @since 0.1.0
   */
  async rollback(object: string, name: string, options?: CallOptions): Promise<void> {
    const about = { object: toText('object', object), snapshot: toText('name', name, { empty: true }) }
    const task = toTaskOptions(options, about)
    await this.#ioctx.callWith(native.rados_ioctx_snap_rollback, task, about.object, about.snapshot)
  }

  /**
   * Errors: `ENOENT`.
   *
   * Implements: rados_ioctx_snap_lookup.
   * @since 0.1.0
   */
  async id(name: string, options?: CallOptions): Promise<bigint> {
    const snapshot = toText('name', name, { empty: true })
    return this.#ioctx.callWith(
      native.rados_ioctx_snap_lookup,
      toTaskOptions(options, { snapshot }),
      snapshot,
    )
  }

  /**
   * All of the pool, oldest first.
   *
   * Implements: rados_ioctx_snap_list, rados_ioctx_snap_get_name, rados_ioctx_snap_get_stamp.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<PoolSnapshot[]> {
    const task = toTaskOptions(options)
    const ids = await this.#ioctx.callWith(native.rados_ioctx_snap_list, task)
    return Promise.all(
      ids.map(async (id) => {
        const [name, timeMs] = await Promise.all([
          this.#ioctx.callWith(native.rados_ioctx_snap_get_name, task, id),
          this.#ioctx.callWith(native.rados_ioctx_snap_get_stamp, task, id),
        ])
        return { id, name, createdAt: new Date(timeMs) }
      }),
    )
  }
}

/**
 * Snapshots of the objects that a client says: `ioctx.selfManagedSnapshots`. The pool gives out numbers; which of them an
 * object's writes are to keep a copy for, each writer says by `setWriteContext()`. Images have their snapshots so.
 *
 * @since 0.1.0
 */
export class SelfManagedSnapshots {
  readonly #ioctx: IoCtx

  /** @internal */
  constructor(ioctx: IoCtx) {
    this.#ioctx = ioctx
  }

  /**
   * A new snapshot's id. It is of nothing yet: writes with it in their context keep what they overwrite.
   *
   * Errors: `EINVAL` the pool has snapshots of its own; `EACCES`.
   *
   * Implements: rados_aio_ioctx_selfmanaged_snap_create.
   * @since 0.1.0
   */
  async create(options?: CallOptions): Promise<bigint> {
    const ioctx = this.#ioctx
    const id = new BigUint64Array(1)
    const io = {
      syscall: 'rados_aio_ioctx_selfmanaged_snap_create',
      object: '',
      id,
      toResult: () => id[0] as bigint,
    }
    const submit = (slot: number): number =>
      native.rados_aio_ioctx_selfmanaged_snap_create(slot, ioctx.handle, '', id)
    return ioctx.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Removes a snapshot: what was kept for it goes, some time later. One that is gone is no error.
   *
   * Implements: rados_aio_ioctx_selfmanaged_snap_remove.
   * @since 0.1.0
   */
  async remove(id: bigint, options?: CallOptions): Promise<void> {
    const ioctx = this.#ioctx
    const snapshot = toId('id', id)
    const submit = (slot: number): number =>
      native.rados_aio_ioctx_selfmanaged_snap_remove(slot, ioctx.handle, '', snapshot)
    const io = new Change('rados_aio_ioctx_selfmanaged_snap_remove', '')
    return ioctx.startIo(io, submit, toCallSignal(options))
  }

  /**
   * Makes an object what it was at a snapshot. It needs a write context that has the snapshot.
   *
   * Errors: `ENOENT` the object has nothing kept for it.
   *
   * Implements: rados_ioctx_selfmanaged_snap_rollback.
   * @since 0.1.0
   */
  async rollback(object: string, id: bigint, options?: CallOptions): Promise<void> {
    const name = toText('object', object)
    const call = native.rados_ioctx_selfmanaged_snap_rollback
    await this.#ioctx.callWith(call, toTaskOptions(options, { object: name }), name, toUint64('id', id))
  }

  /**
   * Says for which snapshots the writes of this ioctx that are started from now on keep what they overwrite: all that there
   * are, newest first; none: an empty list.
   *
   * Errors: `EINVAL` they are not in order.
   *
   * Implements: rados_ioctx_selfmanaged_snap_set_write_ctx.
   * @since 0.1.0
   */
  async setWriteContext(ids: readonly bigint[]): Promise<void> {
    const ioctx = this.#ioctx
    if (!Array.isArray(ids)) throw invalidArgType('ids', 'an Array', ids)
    const list = BigUint64Array.from(ids, (id, i) => BigInt(toId(`ids[${i}]`, id)))
    const sequence = Number(list[0] ?? 0n)
    const submit = (slot: number): number =>
      native.rados_ioctx_selfmanaged_snap_set_write_ctx(slot, ioctx.handle, '', sequence, list)
    const io = new Change('rados_ioctx_selfmanaged_snap_set_write_ctx', '')
    return ioctx.startIo(io, submit, undefined)
  }
}

/** The monitors count snapshots from 1: none has an id that a number does not hold. */
function toId(name: string, value: unknown): number {
  const id = toUint64(name, value)
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw outOfRange(name, '< 2^53', value)
  return Number(id)
}
