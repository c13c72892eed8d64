import type { BigIntStats, Stats } from 'node:fs'
import { addAbortSignal, type Readable, type Writable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { closedError } from '../errors.js'
import { outOfRange, toBoolean, toOneOf, toOptions, toSignal } from '../internal/validate.js'
import {
  type Encoded,
  type FileRange,
  type FileStreamOptions,
  fileStreamOptions,
  toData,
  toEncoded,
  toPart,
  toPosition,
  toRange,
  toReadRange,
} from './file-arguments.js'
import { FileCursor } from './file-cursor.js'
import { toBigIntStats, toStats } from './file-stat.js'
import type { Image } from './image.js'
import type { ReadResult } from './io-options.js'
import { checkView, maxLength } from './views.js'
import { toWebReadable } from './web-stream.js'

/**
 * An open image in the shape of `node:fs/promises`' `FileHandle`, for libraries that want one: with a current position,
 * and `position`, `offset` and `length` that may be left out.
 *
 * What differs from a file: a write never makes it larger (`truncate()` does), and `chmod`, `chown`, `utimes`,
 * `appendFile` and `fd`, which an image has not, are not there. Operations at the current position take turns; one
 * that fails leaves it where it was.
 *
 * @since 0.1.0
 */
export class ImageFileHandle implements AsyncDisposable {
  readonly #image: Image
  readonly #cursor = new FileCursor()
  readonly #pending = new Set<Promise<unknown>>()
  readonly #streams = new Set<Readable | Writable>()
  #closed: Promise<void> | undefined

  /** @internal */
  constructor(image: Image) {
    this.#image = image
  }

  #checkOpen(syscall: string): void {
    if (this.#closed === undefined) return
    const { ioctx, name, snapshot } = this.#image
    const object = { pool: ioctx.pool, namespace: ioctx.namespace, image: name, snapshot }
    throw closedError(syscall, object, 'the file handle is closed')
  }

  async #use<T>(syscall: string, run: () => Promise<T>): Promise<T> {
    this.#checkOpen(syscall)
    const running = run()
    this.#pending.add(running)
    try {
      return await running
    } finally {
      this.#pending.delete(running)
    }
  }

  #at<T>(
    syscall: string,
    position: number | undefined,
    run: (position: number) => Promise<T>,
    moved: (result: T) => number,
  ): Promise<T> {
    return this.#use(syscall, () =>
      position === undefined ? this.#cursor.inTurn(run, moved) : run(position),
    )
  }

  /**
   * Reads into `buffer`, or into a new one of 16 KiB. At the image's end it reads less, or nothing.
   *
   * Errors: as `Image.read`.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  read<B extends NodeJS.ArrayBufferView>(
    buffer: B,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): Promise<ReadResult<B>>
  read<B extends NodeJS.ArrayBufferView>(buffer: B, options?: FileRange): Promise<ReadResult<B>>
  read<B extends NodeJS.ArrayBufferView = Buffer<ArrayBuffer>>(
    options?: FileRange & { buffer?: B | undefined },
  ): Promise<ReadResult<B>>
  async read(
    first?: NodeJS.ArrayBufferView | (FileRange & { buffer?: NodeJS.ArrayBufferView | undefined }),
    second?: FileRange | number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): Promise<ReadResult<NodeJS.ArrayBufferView>> {
    const given = ArrayBuffer.isView(first) ? { buffer: first } : toReadRange(first)
    const buffer = given.buffer ?? Buffer.alloc(16_384)
    checkView('buffer', buffer)
    const range = toRange(second, { offset: second as number | null, length, position, ...given })
    const part = toPart(buffer, range)
    return this.#at(
      'rbd_aio_read',
      toPosition(range.position),
      (at) => this.#image.read(buffer, ...part, at),
      ({ bytesRead }) => bytesRead,
    )
  }

  /**
   * Writes a buffer, or a string in UTF-8 or the encoding that is given. All of it is written, or it fails.
   *
   * Errors: as `Image.write`: `ERR_OUT_OF_RANGE` past the image's end.
   *
   * Implements: rbd_aio_write.
   * @since 0.1.0
   */
  write<B extends NodeJS.ArrayBufferView>(
    buffer: B,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): Promise<{ bytesWritten: number; buffer: B }>
  write<B extends NodeJS.ArrayBufferView>(
    buffer: B,
    options?: FileRange,
  ): Promise<{ bytesWritten: number; buffer: B }>
  write(
    data: string,
    position?: number | bigint | null,
    encoding?: BufferEncoding | null,
  ): Promise<{ bytesWritten: number; buffer: string }>
  async write(
    buffer: NodeJS.ArrayBufferView | string,
    second?: FileRange | number | bigint | null,
    third?: number | BufferEncoding | null,
    position?: number | bigint | null,
  ): Promise<{ bytesWritten: number; buffer: NodeJS.ArrayBufferView | string }> {
    const text = typeof buffer === 'string'
    const view = toData(buffer, text ? ((third ?? undefined) as BufferEncoding | undefined) : undefined)
    const range = text
      ? { position: second as FileRange['position'] }
      : toRange(second, { offset: second, length: third, position } as FileRange)
    const part = toPart(view, range)
    const { bytesWritten } = await this.#at(
      'rbd_aio_write',
      toPosition(range.position),
      (at) => this.#image.write(view, ...part, at),
      (result) => result.bytesWritten,
    )
    return { bytesWritten, buffer }
  }

  /**
   * Reads into several buffers one after the other, as one operation.
   *
   * Errors: as `Image.readv`.
   *
   * Implements: rbd_aio_readv.
   * @since 0.1.0
   */
  async readv<B extends readonly NodeJS.ArrayBufferView[]>(
    buffers: B,
    position?: number | bigint | null,
  ): Promise<{ bytesRead: number; buffers: B }> {
    const { bytesRead } = await this.#at(
      'rbd_aio_readv',
      toPosition(position),
      (at) => this.#image.readv(buffers, at),
      (result) => result.bytesRead,
    )
    return { bytesRead, buffers }
  }

  /**
   * Writes several buffers one after the other, as one operation.
   *
   * Errors: as `Image.writev`.
   *
   * Implements: rbd_aio_writev.
   * @since 0.1.0
   */
  async writev<B extends readonly NodeJS.ArrayBufferView[]>(
    buffers: B,
    position?: number | bigint | null,
  ): Promise<{ bytesWritten: number; buffers: B }> {
    const { bytesWritten } = await this.#at(
      'rbd_aio_writev',
      toPosition(position),
      (at) => this.#image.writev(buffers, at),
      (result) => result.bytesWritten,
    )
    return { bytesWritten, buffers }
  }

  /**
   * Reads from the current position to the image's end, at most 2 GiB.
   *
   * Errors: as `Image.read`; `ERR_OUT_OF_RANGE` more than fits into a buffer.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  readFile(
    options?: { encoding?: null | undefined; signal?: AbortSignal | undefined } | null,
  ): Promise<Buffer<ArrayBuffer>>
  readFile(
    options: { encoding: BufferEncoding; signal?: AbortSignal | undefined } | BufferEncoding,
  ): Promise<string>
  readFile(options?: Encoded): Promise<string | Buffer<ArrayBuffer>>
  async readFile(options?: Encoded): Promise<string | Buffer<ArrayBuffer>> {
    const { encoding, signal } = toEncoded(options)
    const content = await this.#at(
      'rbd_aio_read',
      undefined,
      async (start) => {
        const length = (await this.#image.size()) - start
        if (length > maxLength) throw outOfRange('size', `at most ${maxLength} bytes`, length)
        const stream = this.#image.createReadStream({ start })
        if (signal) addAbortSignal(signal, stream)
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk)
        return Buffer.concat(chunks)
      },
      (buffer) => buffer.length,
    )
    return encoding === undefined ? content : content.toString(encoding)
  }

  /**
   * Writes at the current position, as `FileHandle.writeFile` does: what is behind it stays.
   *
   * Errors: as `Image.write`.
   *
   * Implements: rbd_aio_write.
   * @since 0.1.0
   */
  async writeFile(data: string | NodeJS.ArrayBufferView, options?: Encoded): Promise<void> {
    const { encoding, signal } = toEncoded(options)
    signal?.throwIfAborted()
    await this.write(toData(data, encoding))
  }

  /**
   * The image's size and times in the shape of a regular file's. `blocks` is what it may take, not what is
   * allocated, and what an image has not, as an owner, is 0.
   *
   * Errors: `EBADF` closed; as `Image.info`.
   *
   * Implements: rbd_stat.
   * @since 0.1.0
   */
  stat(options?: { bigint?: false | undefined }): Promise<Stats>
  stat(options: { bigint: true }): Promise<BigIntStats>
  stat(options?: { bigint?: boolean | undefined }): Promise<Stats | BigIntStats>
  async stat(options?: { bigint?: boolean | undefined }): Promise<Stats | BigIntStats> {
    const bigint = toBoolean('options.bigint', toOptions('options', options, { bigint: true }).bigint, false)
    const info = await this.#use('rbd_stat', () => this.#image.info())
    const stats = toStats(info, this.#image.readOnly)
    return bigint ? toBigIntStats(stats) : stats
  }

  /**
   * Makes the image `length` bytes long: what is behind it is lost, what is new reads as zeros. The current position
   * stays. As `FileHandle.truncate`, it takes 0 when no length is given, and asks nobody.
   *
   * Errors: as `Image.resize`.
   *
   * Implements: rbd_resize2.
   * @since 0.1.0
   */
  truncate(length: number | bigint | null = 0): Promise<void> {
    return this.#use('rbd_resize2', () => this.#image.resize(length ?? 0, { allowShrink: true }))
  }

  /**
   * Resolves once everything written before is safe on the OSDs.
   *
   * Errors: as `Image.flush`.
   *
   * Implements: rbd_aio_flush.
   * @since 0.1.0
   */
  sync(): Promise<void> {
    return this.#use('rbd_aio_flush', () => this.#image.flush())
  }

  /**
   * The same as `sync()`.
   *
   * Implements: rbd_aio_flush.
   * @since 0.1.0
   */
  datasync(): Promise<void> {
    return this.sync()
  }

  #follow<S extends Readable | Writable>(stream: S, options: Partial<FileStreamOptions>): S {
    const signal = toSignal(options.signal ?? undefined)
    const autoClose = toBoolean('options.autoClose', options.autoClose, true)
    this.#streams.add(stream)
    stream.once('close', () => {
      this.#streams.delete(stream)
      if (autoClose) void this.close()
    })
    if (signal) addAbortSignal(signal, stream)
    return stream
  }

  /**
   * Reads from `start` to `end`, which is included, as a stream of `Image.createReadStream`.
   *
   * Errors: as `Image.read`; the stream is destroyed with them.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  createReadStream(
    options?: FileStreamOptions & { end?: number | undefined; encoding?: BufferEncoding | null | undefined },
  ): Readable {
    this.#checkOpen('rbd_aio_read')
    const given = toOptions('options', options, { end: true, encoding: true, ...fileStreamOptions })
    const stream = this.#image.createReadStream({
      start: given.start ?? this.#cursor.position,
      ...(given.end !== undefined && given.end !== Infinity && { end: given.end }),
      ...(given.highWaterMark !== undefined && { chunkSize: given.highWaterMark }),
    })
    if (given.encoding) stream.setEncoding(given.encoding)
    return this.#follow(stream, given)
  }

  /**
   * Writes from `start` on, as a stream of `Image.createWriteStream`; `finish` comes after a flush.
   *
   * Errors: as `Image.write`; the stream is destroyed with them.
   *
   * Implements: rbd_aio_writev, rbd_aio_flush.
   * @since 0.1.0
   */
  createWriteStream(options?: FileStreamOptions): Writable {
    this.#checkOpen('rbd_aio_writev')
    const given = toOptions('options', options, fileStreamOptions)
    const stream = this.#image.createWriteStream({
      start: given.start ?? this.#cursor.position,
      ...(given.highWaterMark !== undefined && { highWaterMark: given.highWaterMark }),
    })
    return this.#follow(stream, given)
  }

  /**
   * Reads from the current position, which it does not move, to the image's end as a web stream of `Buffer`s; of
   * `type: 'bytes'` for readers that bring their memory. `autoClose` closes this handle at its end; default false.
   *
   * Errors: as `Image.read`; the stream errors with them.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  readableWebStream(options?: {
    type?: 'bytes' | undefined
    autoClose?: boolean | undefined
  }): ReadableStream<Buffer> {
    const { type, autoClose } = toOptions('options', options, { type: true, autoClose: true })
    if (type !== undefined) toOneOf('options.type', type, ['bytes'])
    const close = toBoolean('options.autoClose', autoClose, false)
    return toWebReadable(this.createReadStream({ autoClose: close }), type)
  }

  /**
   * Destroys the handle's streams and waits for its operations; the image stays open. Every call gives the same promise.
   * What is begun afterwards rejects with `EBADF`.
   *
   * @since 0.1.0
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const streams = [...this.#streams].map(
      (stream) => new Promise<unknown>((resolve) => stream.destroy().once('close', resolve)),
    )
    await Promise.allSettled([...streams, ...this.#pending])
  }

  /** @since 0.1.0 */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
