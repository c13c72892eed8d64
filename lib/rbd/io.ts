import { native } from '../internal/addon.js'
import { Kind, startIo, startTask } from '../internal/dispatcher.js'
import { invalidArgValue, outOfRange, toBoolean, toOptions, toSignal, toSize } from '../internal/validate.js'
import { ImageHandle } from './handle.js'
import { type IoFlag, toIoFlags } from './io-flags.js'
import {
  type ReadOptions,
  type ReadResult,
  rangeOptions,
  readOptions,
  type WriteOptions,
  writeOptions,
} from './io-options.js'
import { storeZeros } from './store-zeros.js'
import { checkView, checkViews, maxLength, slice, total } from './views.js'

/**
 * Reads once librbd has the image's size: another client has changed its header, and librbd cuts reads by the size of
 * before until it is asked for the new one.
 */
function askThenRead<T>(
  image: ImageIo,
  kind: Kind,
  payload: unknown,
  position: number,
  submit: (slot: number) => number,
): Promise<T> {
  return image.lend('rbd_get_size', async () => {
    await startTask(image, native.rbd_get_size, [image.handle])
    return startRead<T>(image, kind, payload, position, submit)
  })
}

/** @internal Starts a read. Native code takes it when it knows, without asking the cluster, how large the image is. */
export function startRead<T>(
  image: ImageIo,
  kind: Kind,
  payload: unknown,
  position: number,
  submit: (slot: number) => number,
): Promise<T> {
  return startIo<T, ImageIo>(image, kind, payload, position, submit, askThenRead)
}

/**
 * Block I/O, shaped like `FileHandle`'s. Buffers are lent until the promise settles: do not change, transfer or
 * resize them meanwhile. Bad arguments reject with a `TypeError` or `RangeError`. An operation of no bytes does
 * nothing, wherever it points, and is not given to librbd.
 */
export abstract class ImageIo extends ImageHandle {
  /** Writes that wait for the image's size: each resolves when librbd has it, or it was refused. Never rejects. */
  readonly #waiting = new Set<Promise<void>>()

  /**
   * Starts what changes the image up to `end`. Native code takes it when it knows, without asking the cluster, that
   * this is inside the image.
   *
   * @internal
   */
  protected startWrite<T>(
    kind: Kind,
    payload: unknown,
    length: number,
    end: number,
    submit: (slot: number) => number,
  ): Promise<T> {
    return startIo(this, kind, payload, length, submit, () =>
      this.#askThenWrite(kind, payload, length, end, submit),
    )
  }

  /**
   * Writes what native code did not take: it goes past the end, or another client has changed the image's header and
   * its size must be read again.
   */
  #askThenWrite<T>(
    kind: Kind,
    payload: unknown,
    length: number,
    end: number,
    submit: (slot: number) => number,
  ): Promise<T> {
    let started = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      started = resolve
    })
    this.#waiting.add(waiting)
    const finished = (): void => {
      started()
      this.#waiting.delete(waiting)
    }
    return this.lend('rbd_get_size', async () => {
      try {
        const size = await startTask(this, native.rbd_get_size, [this.handle])
        if (end > size)
          throw outOfRange('position', "within the image's size together with the length", undefined)
        const operation = this.startWrite<T>(kind, payload, length, end, submit)
        finished()
        return await operation
      } finally {
        finished()
      }
    })
  }
  /**
   * Reads `length` bytes at `position`.
   *
   * Errors: `EBADF` closed; `ETIMEDOUT` with `operationTimeoutMs`; `ESHUTDOWN` this client was blocklisted.
   *
   * Implements: rbd_aio_read, rbd_aio_read2.
   * @since 0.1.0
   */
  read(options: {
    length: number
    position: number | bigint
    flags?: readonly IoFlag[]
  }): Promise<ReadResult<Buffer>>
  read<B extends ArrayBufferView>(options: ReadOptions<B> & { buffer: B }): Promise<ReadResult<B>>
  read<B extends ArrayBufferView>(buffer: B, options: Omit<ReadOptions, 'buffer'>): Promise<ReadResult<B>>
  read<B extends ArrayBufferView>(
    buffer: B,
    offset: number,
    length: number,
    position: number | bigint,
  ): Promise<ReadResult<B>>
  read(
    first: ArrayBufferView | ReadOptions<ArrayBufferView>,
    second?: number | Omit<ReadOptions, 'buffer'>,
    length?: number,
    position?: number | bigint,
  ): Promise<ReadResult<ArrayBufferView>> {
    // No async function: its extra promise costs a tenth of a read.
    try {
      let given: ArrayBufferView | undefined
      let offset: number | undefined
      let flags = 0
      if (ArrayBuffer.isView(first) && typeof second !== 'object') {
        given = first
        offset = second
      } else {
        const own = ArrayBuffer.isView(first)
        const options: Partial<ReadOptions<ArrayBufferView>> = toOptions(
          'options',
          own ? (second as object) : first,
          own ? rangeOptions : readOptions,
        )
        given = own ? first : options.buffer
        offset = options.offset
        length = options.length
        position = options.position
        flags = toIoFlags('options.flags', options.flags)
      }
      const at = toSize('position', position)
      if (given === undefined) {
        const bytes = toSize('length', length, 0, maxLength)
        if (offset !== undefined && offset !== 0) throw invalidArgValue('offset', 'needs a buffer')
        return this.#read(Buffer.allocUnsafeSlow(bytes), at, flags)
      }
      const view = checkView('buffer', given)
      const from = offset === undefined ? 0 : toSize('offset', offset, 0, view.byteLength)
      const room = view.byteLength - from
      const bytes = length === undefined ? room : toSize('length', length, 0, Math.min(room, maxLength))
      return this.#read(slice(view, from, bytes), at, flags, view)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #read<B extends ArrayBufferView>(
    part: ArrayBufferView,
    position: number,
    flags: number,
    buffer = part as B,
  ): Promise<ReadResult<B>> {
    if (!this.open) return Promise.reject(this.closedError('rbd_aio_read'))
    if (part.byteLength === 0) return Promise.resolve({ bytesRead: 0, buffer })
    return startRead(this, Kind.read, buffer, position, (slot) =>
      flags === 0
        ? native.rbd_aio_read(slot, this.handle, position, part.byteLength, part)
        : native.rbd_aio_read2(slot, this.handle, position, part.byteLength, part, flags),
    )
  }

  /**
   * Writes `length` bytes at `position`. Resolved means that librbd has it: in its cache with write-back caching,
   * on the OSDs after `flush()`. Like all block I/O it cannot be taken back once it has begun, so it takes no signal;
   * `Cluster.connect`'s `operationTimeoutMs` bounds how long it waits for a cluster that does not answer.
   *
   * Errors: `ERR_OUT_OF_RANGE` past the image's end (nothing is written); `EROFS`; `EBADF`; `ENOSPC`, `EDQUOT`
   * the pool is full; `ESHUTDOWN` this client was blocklisted; with `crc32c` `EBADMSG` it is not that of
   * the bytes (nothing is written), `ENOSYS` librbd is older than that.
   *
   * Implements: rbd_aio_write, rbd_aio_write2, rbd_aio_write_with_crc32c.
   * @since 0.1.0
   */
  write<B extends ArrayBufferView>(
    buffer: B,
    options: WriteOptions,
  ): Promise<{ bytesWritten: number; buffer: B }>
  write<B extends ArrayBufferView>(
    buffer: B,
    offset: number,
    length: number,
    position: number | bigint,
  ): Promise<{ bytesWritten: number; buffer: B }>
  write<B extends ArrayBufferView>(
    buffer: B,
    second: number | WriteOptions,
    length?: number,
    position?: number | bigint,
  ): Promise<{ bytesWritten: number; buffer: B }> {
    try {
      let offset: number | undefined
      let flags = 0
      let crc: number | undefined
      if (typeof second === 'object') {
        const options = toOptions('options', second, writeOptions) as WriteOptions
        offset = options.offset
        length = options.length
        position = options.position
        flags = toIoFlags('options.flags', options.flags)
        if (options.crc32c !== undefined) crc = toSize('options.crc32c', options.crc32c, 0, 0xffff_ffff)
      } else {
        offset = second
      }
      const view = checkView('buffer', buffer)
      const at = toSize('position', position)
      const from = offset === undefined ? 0 : toSize('offset', offset, 0, view.byteLength)
      const room = view.byteLength - from
      const bytes = length === undefined ? room : toSize('length', length, 0, Math.min(room, maxLength))
      const part = slice(view, from, bytes)
      if (!this.open) return Promise.reject(this.closedError('rbd_aio_write'))
      if (bytes === 0) return Promise.resolve({ bytesWritten: 0, buffer })
      if (crc !== undefined) this.checkHas('rbd_aio_write_with_crc32c')
      return this.startWrite(Kind.write, buffer, bytes, at + bytes, (slot) => {
        if (crc !== undefined)
          return native.rbd_aio_write_with_crc32c(slot, this.handle, at, bytes, part, flags, crc)
        return flags === 0
          ? native.rbd_aio_write(slot, this.handle, at, bytes, part)
          : native.rbd_aio_write2(slot, this.handle, at, bytes, part, flags)
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Reads into several buffers one after the other, as one operation.
   *
   * Errors: as `read`.
   *
   * Implements: rbd_aio_readv.
   * @since 0.1.0
   */
  async readv<B extends ArrayBufferView>(
    buffers: readonly B[],
    position: number | bigint,
  ): Promise<{ bytesRead: number; buffers: readonly B[] }> {
    const views = checkViews(buffers)
    const bytes = total(views)
    const at = toSize('position', position)
    if (!this.open) throw this.closedError('rbd_aio_readv')
    if (bytes === 0) return { bytesRead: 0, buffers }
    return startRead(this, Kind.readv, buffers, at, (slot) =>
      native.rbd_aio_readv(slot, this.handle, at, bytes, views),
    )
  }

  /**
   * Writes several buffers one after the other, as one operation.
   *
   * Errors: as `write`.
   *
   * Implements: rbd_aio_writev.
   * @since 0.1.0
   */
  async writev<B extends ArrayBufferView>(
    buffers: readonly B[],
    position: number | bigint,
  ): Promise<{ bytesWritten: number; buffers: readonly B[] }> {
    const views = checkViews(buffers)
    const bytes = total(views)
    const at = toSize('position', position)
    if (!this.open) throw this.closedError('rbd_aio_writev')
    if (bytes === 0) return { bytesWritten: 0, buffers }
    return this.startWrite(Kind.writev, buffers, bytes, at + bytes, (slot) =>
      native.rbd_aio_writev(slot, this.handle, at, bytes, views),
    )
  }

  /**
   * Gives space back: the range reads as zeros afterwards where whole objects or granules are covered; the
   * remainder may keep its data. To be sure of zeros use `writeZeroes()`.
   *
   * Errors: as `write`.
   *
   * Implements: rbd_aio_discard.
   * @since 0.1.0
   */
  async discard(position: number | bigint, length: number | bigint): Promise<void> {
    const at = toSize('position', position)
    const bytes = toSize('length', length)
    if (!this.open) throw this.closedError('rbd_aio_discard')
    if (bytes === 0) return
    await this.startWrite(Kind.discard, undefined, bytes, at + bytes, (slot) =>
      native.rbd_aio_discard(slot, this.handle, at, bytes),
    )
  }

  /**
   * Makes the range read as zeros, giving space back where that is possible; with `thick` the zeros are stored, by
   * ordinary writes, which `signal` ends between two of them.
   *
   * Errors: as `write`; the signal's reason.
   *
   * Implements: rbd_aio_write_zeroes, rbd_aio_write2.
   * @since 0.1.0
   */
  async writeZeroes(
    position: number | bigint,
    length: number | bigint,
    options?: { thick?: boolean; flags?: readonly IoFlag[]; signal?: AbortSignal },
  ): Promise<void> {
    const at = toSize('position', position)
    const bytes = toSize('length', length)
    const given = toOptions('options', options, { thick: true, flags: ['fadvise'], signal: true })
    const thick = toBoolean('options.thick', given.thick, false)
    const flags = toIoFlags('options.flags', given.flags)
    const signal = toSignal(given.signal)
    if (!this.open) throw this.closedError('rbd_aio_write_zeroes')
    signal?.throwIfAborted()
    if (bytes === 0) return
    if (thick) return this.lend('rbd_aio_write2', () => storeZeros(this, at, bytes, flags, signal))
    await this.startWrite(Kind.writeZeroes, undefined, bytes, at + bytes, (slot) =>
      native.rbd_aio_write_zeroes(slot, this.handle, at, bytes, flags),
    )
  }

  /**
   * Resolves once everything written before is safe on the OSDs.
   *
   * Errors: what a write in librbd's cache failed with.
   *
   * Implements: rbd_aio_flush.
   * @since 0.1.0
   */
  flush(): Promise<void> {
    return this.lend('rbd_aio_flush', async () => {
      while (this.#waiting.size > 0) await Promise.all(this.#waiting)
      await startIo(this, Kind.flush, undefined, 0, (slot) => native.rbd_aio_flush(slot, this.handle, 0, 0))
    })
  }
}
