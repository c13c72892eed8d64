import { native } from '../internal/addon.js'
import { Kind, startTask } from '../internal/dispatcher.js'
import { invalidArgValue, type Known, toOptions, toSize } from '../internal/validate.js'
import { ImageIo } from './io.js'
import { type IoFlag, toIoFlags } from './io-flags.js'
import { checkView, checkViews, total } from './views.js'

/**
 * Where a compare-and-write is.
 *
 * @since 0.1.0
 */
export interface CompareAndWriteOptions {
  /** Bytes into the image. */
  position: number | bigint
  /** Advice to librbd and the OSDs. */
  flags?: readonly IoFlag[]
}

const compareOptions: Known<CompareAndWriteOptions> = { position: true, flags: ['fadvise'] }

const joined = (views: readonly ArrayBufferView[]): Buffer =>
  Buffer.concat(views.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)))

/**
 * What a compare-and-write did.
 *
 * @since 0.1.0
 */
export interface CompareAndWriteResult {
  /** Whether the image had the bytes compared with, and has the new ones now. */
  written: boolean
  /** Where the image first differs, in bytes from `position`; only when nothing was written. */
  mismatch?: number
}

/** Writes that are more than bytes to a place: on a condition, or the same bytes again and again. */
export abstract class ImageCompare extends ImageIo {
  /**
   * Writes `buffer` at `position` if the image has the bytes of `compare` there: one atomic operation on the OSD. Both
   * are of the same length and lie within what librbd takes: one sector of 512 bytes in Pacific, a stripe unit later.
   * The buffers are lent until the promise settles. With librbd before Ceph 18 the image's cache is emptied afterwards,
   * since it would answer with what was there before.
   *
   * Errors: `EINVAL` the range crosses a sector or stripe unit; else as `write`. A difference is no error.
   *
   * Implements: rbd_aio_compare_and_write, rbd_invalidate_cache.
   * @since 0.1.0
   */
  async compareAndWrite(
    compare: ArrayBufferView,
    buffer: ArrayBufferView,
    options: CompareAndWriteOptions,
  ): Promise<CompareAndWriteResult> {
    checkView('compare', compare)
    checkView('buffer', buffer)
    const bytes = buffer.byteLength
    if (compare.byteLength !== bytes) throw invalidArgValue('compare', 'must be as long as the buffer')
    if (bytes === 0) throw invalidArgValue('buffer', 'must not be empty')
    const given = toOptions('options', options, compareOptions)
    const position = toSize('options.position', given.position)
    const flags = toIoFlags('options.flags', given.flags)
    const mismatch = new BigUint64Array(1)
    const views = [compare, buffer, mismatch].map(
      (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    ) as [Uint8Array, Uint8Array, Uint8Array]
    const start = (slot: number): number =>
      native.rbd_aio_compare_and_write(
        slot,
        this.handle,
        position,
        bytes,
        views[0],
        views[1],
        mismatch,
        flags,
      )
    return this.lend('rbd_aio_compare_and_write', async () => {
      const end = position + bytes
      const written = await this.startWrite<boolean>(Kind.compareAndWrite, views, bytes, end, start)
      if (!written) return { written, mismatch: await this.#fromPosition(mismatch[0] as bigint) }
      await startTask(this, native.rbd_invalidate_cache, [this.handle, true])
      return { written }
    })
  }

  /**
   * The same with several buffers each, one after the other, as one operation. With librbd before Ceph 18 they are copied
   * together first.
   *
   * Errors: as `compareAndWrite`.
   *
   * Implements: rbd_aio_compare_and_writev, rbd_aio_compare_and_write.
   * @since 0.1.0
   */
  async compareAndWritev(
    compares: readonly ArrayBufferView[],
    buffers: readonly ArrayBufferView[],
    options: CompareAndWriteOptions,
  ): Promise<CompareAndWriteResult> {
    const [before, after] = [checkViews(compares), checkViews(buffers)]
    const bytes = total(after)
    if (total(before) !== bytes) throw invalidArgValue('compares', 'must be as long as the buffers')
    if (native.lacks('rbd_aio_compare_and_writev') !== undefined)
      return this.compareAndWrite(joined(before), joined(after), options)
    if (bytes === 0) throw invalidArgValue('buffers', 'must not be empty')
    const given = toOptions('options', options, compareOptions)
    const position = toSize('options.position', given.position)
    const flags = toIoFlags('options.flags', given.flags)
    const mismatch = new BigUint64Array(1)
    const start = (slot: number): number =>
      native.rbd_aio_compare_and_writev(slot, this.handle, position, bytes, before, after, mismatch, flags)
    return this.lend('rbd_aio_compare_and_writev', async () => {
      const lent = [before, after, mismatch]
      const written = await this.startWrite<boolean>(
        Kind.compareAndWrite,
        lent,
        bytes,
        position + bytes,
        start,
      )
      return written ? { written } : { written, mismatch: await this.#fromPosition(mismatch[0] as bigint) }
    })
  }

  /**
   * librbd takes the difference's place within the bytes compared for a place within their object
   * (ObjectCompareAndWriteRequest), so of the image offset that it makes of it only the part within the stripe unit
   * counts.
   */
  async #fromPosition(offset: bigint): Promise<number> {
    const { stripeUnit } = await startTask(this, native.rbd_stat, [this.handle])
    return Number(offset % BigInt(stripeUnit))
  }

  /**
   * Writes `buffer` again and again over `length` bytes, a multiple of its own length. It travels once an object.
   * Zeros become holes where that is possible.
   *
   * Errors: `EINVAL` the length is no multiple of the buffer's; else as `write`.
   *
   * Implements: rbd_aio_writesame.
   * @since 0.1.0
   */
  async writeSame(
    buffer: ArrayBufferView,
    options: { position: number | bigint; length: number | bigint; flags?: readonly IoFlag[] },
  ): Promise<void> {
    checkView('buffer', buffer)
    const given = toOptions('options', options, { position: true, length: true, flags: ['fadvise'] })
    const at = toSize('options.position', given.position)
    const bytes = toSize('options.length', given.length)
    const flags = toIoFlags('options.flags', given.flags)
    if (!this.open) throw this.closedError('rbd_aio_writesame')
    if (bytes === 0) return
    if (buffer.byteLength === 0) throw invalidArgValue('buffer', 'must not be empty')
    const view = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    await this.startWrite<void>(Kind.writeSame, view, bytes, at + bytes, (slot) =>
      native.rbd_aio_writesame(slot, this.handle, at, bytes, view, flags),
    )
  }
}
