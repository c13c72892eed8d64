import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import type { NativeOmap, NativeReadStep } from '../internal/native/rados.js'
import { type Known, toOptions, toSize, toText } from '../internal/validate.js'
import { toKey } from './keys.js'
import type { IoCtxObjects } from './object.js'
import { ReadOp } from './read-op.js'
import { WriteOp } from './write-op.js'

/**
 * Which entries of an omap, and how many are asked for at once.
 *
 * @since 0.1.0
 */
export interface OmapOptions extends CallOptions {
  /** Keys after this one. Default: from the first. */
  after?: string
  /** How many an OSD is asked for at once; the next ones are asked for while these are used. Default 1 000. */
  pageSize?: number
}

const omapOptions: Known<OmapOptions> = {
  after: ['startAfter', 'start_after'],
  pageSize: ['limit', 'maxReturn', 'max_return'],
  signal: true,
}

/**
 * Keys and values of objects, in the order of the keys' bytes: `ioctx.omap`. An erasure coded pool has none.
 *
 * @since 0.1.0
 */
export class Omap {
  readonly #ioctx: IoCtxObjects

  /** @internal */
  constructor(ioctx: IoCtxObjects) {
    this.#ioctx = ioctx
  }

  /** One page after the other: the next is under way while one is used, and no more than these two are in memory. */
  async *#pages(
    object: string,
    options: Partial<OmapOptions>,
    step: (after: string | Buffer, most: number) => NativeReadStep,
  ): AsyncGenerator<NativeOmap, void, undefined> {
    const name = toText('object', object)
    const most = toSize('options.pageSize', options.pageSize ?? 1000, 1, 1_000_000)
    const task = toTaskOptions({ signal: options.signal }, { object: name })
    const ioctx = this.#ioctx
    const ask = async (after: string | Buffer, count = most): Promise<NativeOmap> => {
      const call = native.rados_aio_read_op_operate
      const { results } = await ioctx.callWith(call, task, name, [step(after, count)], 0)
      return results[0] as NativeOmap
    }
    /** librados takes a key to go on after only up to a NUL: what comes again is left out. */
    const askAfter = async (last: Buffer): Promise<NativeOmap> => {
      const nul = last.indexOf(0)
      if (nul < 0) return ask(last)
      for (let count = most, had = 0; ; count *= 2) {
        const page = await ask(last.subarray(0, nul), count)
        const { entries, more } = page
        const fresh = entries.findIndex((key, i) => i % 2 === 0 && Buffer.from(key).compare(last) > 0)
        if (fresh >= 0 || !more) return { ...page, entries: fresh < 0 ? [] : entries.slice(fresh) }
        if (entries.length <= had)
          throw ioctx.makeError(
            -constants.errno.EOPNOTSUPP,
            step('', 0)[0],
            'more keys with the same characters before a NUL than an OSD gives at once',
            { object: name },
          )
        had = entries.length
      }
    }
    let next: Promise<NativeOmap> | undefined = ask(toKey('options.after', options.after ?? ''))
    while (next !== undefined) {
      const page: NativeOmap = await next
      next = undefined
      if (page.more && page.entries.length > 0) {
        next = askAfter(page.last)
        next.catch(() => {}) // whoever goes on gets it; nobody may
      }
      yield page
    }
  }

  /**
   * Keys with their values, page by page, in bounded memory, however many there are. What changes meanwhile may be seen or
   * not.
   *
   * ```js
   * for await (const [key, value] of ioctx.omap.entries('index', { prefix: 'user.' })) console.log(key, value.length)
   * ```
   *
   * Errors: `ENOENT` no such object; `EOPNOTSUPP` the pool has no omaps.
   *
   * Implements: rados_read_op_omap_get_vals2, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async *entries(
    object: string,
    options?: OmapOptions & { prefix?: string },
  ): AsyncGenerator<[key: string, value: Buffer], void, undefined> {
    const { prefix, ...given } = toOptions('options', options, { ...omapOptions, prefix: ['filterPrefix'] })
    const only = toKey('options.prefix', prefix ?? '')
    const step = (after: string | Buffer, most: number): NativeReadStep => [
      'rados_read_op_omap_get_vals2',
      after,
      only,
      most,
    ]
    for await (const { entries } of this.#pages(object, given, step)) {
      for (let i = 0; i < entries.length; i += 2) yield [entries[i] as string, entries[i + 1] as Buffer]
    }
  }

  /**
   * The keys, in the same way.
   *
   * Errors: as `entries()`.
   *
   * Implements: rados_read_op_omap_get_keys2, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async *keys(object: string, options?: OmapOptions): AsyncGenerator<string, void, undefined> {
    const given = toOptions('options', options, omapOptions)
    const step = (after: string | Buffer, most: number): NativeReadStep => [
      'rados_read_op_omap_get_keys2',
      after,
      most,
    ]
    for await (const { entries } of this.#pages(object, given, step)) {
      for (let i = 0; i < entries.length; i += 2) yield entries[i] as string
    }
  }

  /**
   * Values by their keys; those that are not there are left out.
   *
   * Errors: as `entries()`.
   *
   * Implements: rados_read_op_omap_get_vals_by_keys2, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async get(object: string, keys: readonly string[], options?: CallOptions): Promise<Map<string, Buffer>> {
    const op = new ReadOp().omapGet(keys)
    const { results } = await this.#ioctx.operate(object, op, { signal: toCallSignal(options) })
    return results[0]
  }

  async #change(object: string, op: WriteOp, options: CallOptions | undefined): Promise<void> {
    await this.#ioctx.operate(object, op, { signal: toCallSignal(options) })
  }

  /**
   * Sets keys. Creates the object.
   *
   * Errors: `EOPNOTSUPP` the pool has no omaps; `ENOSPC`, `EDQUOT` full.
   *
   * Implements: rados_write_op_omap_set2, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  set(object: string, pairs: ReadonlyMap<string, Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#change(object, new WriteOp().omapSet(pairs), options)
  }

  /**
   * Removes keys; those that are not there, too.
   *
   * Errors: `ENOENT` no such object.
   *
   * Implements: rados_write_op_omap_rm_keys2, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  remove(object: string, keys: readonly string[], options?: CallOptions): Promise<void> {
    return this.#change(object, new WriteOp().assertExists().omapRemove(keys), options)
  }

  /**
   * Removes the keys from `begin` up to, and without, `end`.
   *
   * Errors: `ENOENT` no such object.
   *
   * Implements: rados_write_op_omap_rm_range2, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  removeRange(object: string, begin: string, end: string, options?: CallOptions): Promise<void> {
    return this.#change(object, new WriteOp().assertExists().omapRemoveRange(begin, end), options)
  }

  /**
   * Removes all keys.
   *
   * Errors: `ENOENT` no such object.
   *
   * Implements: rados_write_op_omap_clear, rados_aio_write_op_operate.
   * @since 0.1.0
   */
  clear(object: string, options?: CallOptions): Promise<void> {
    return this.#change(object, new WriteOp().assertExists().omapClear(), options)
  }
}
