// Streams of libvirt's as streams of Node: bytes wait on native threads, and back-pressure reaches them.
import { addAbortSignal, Duplex, Readable, Writable } from 'node:stream'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import type { Task } from '../internal/native/core.js'
import type { Owner } from '../internal/owner.js'
import { closeAbandoned } from '../internal/resource.js'
import { outOfRange } from '../internal/validate.js'
import { LibvirtObject } from './object.js'

/** Bytes of one call. */
const partSize = 256 * 1024
const zeros = Buffer.alloc(partSize)

/** What a stream is opened by: a function whose first argument is the object that it is of. */
type OpenStream<A extends unknown[], More> = Task<[number, ...A], [stream: number, more: More]>

/** How long work is watched and ended. */
interface ProgressOptions {
  signal: AbortSignal | undefined
  onProgress: ((told: [done: number, total: number]) => void) | undefined
}

interface Identity {
  uri: string | undefined
  object: string
}

/** A virStream. Closing it aborts what was not finished. */
export class StreamHandle extends LibvirtObject {
  /** Aborted when the handle is closed: with its domain or connection, too, while a console has nothing to say. */
  readonly #closing = new AbortController()
  #until: { caller: AbortSignal; both: AbortSignal } | undefined

  private constructor(handle: number, parent: LibvirtObject, { uri, object }: Identity) {
    super(handle, parent, { uri, object, kind: 'stream' })
  }

  static async open<A extends unknown[], More>(
    of: LibvirtObject,
    task: OpenStream<A, More>,
    args: A,
    options: CallOptions | undefined,
  ): Promise<[StreamHandle, More]> {
    const { uri, object = '' } = of.context(task.name)
    const abandoned = (value: unknown, owner: Owner): void => closeAbandoned((value as [number])[0], owner)
    return of.lend(task.name, async () => {
      const [handle, more] = await of.callWith(task, { ...toTaskOptions(options), abandoned }, ...args)
      return [new StreamHandle(handle, of, { uri, object }), more]
    })
  }

  /** @internal */
  protected override ending(): void {
    this.#closing.abort(this.closedError('virStreamAbort'))
  }

  /** A stream is read and written with the same signal all the time. */
  #endOf(caller: AbortSignal | undefined): AbortSignal {
    if (caller === undefined) return this.#closing.signal
    if (this.#until?.caller !== caller)
      this.#until = { caller, both: AbortSignal.any([caller, this.#closing.signal]) }
    return this.#until.both
  }

  /** Bytes, the length of a hole, or undefined at the end. */
  receive(most: number, signal: AbortSignal): Promise<Buffer | number | undefined> {
    return this.callWith(native.virStreamRecvFlags, { signal: this.#endOf(signal), onAbort: 'cancel' }, most)
  }

  send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.callWith(native.virStreamSend, { signal: this.#endOf(signal), onAbort: 'cancel' }, bytes)
  }

  /** Sends a file and waits until the other side has taken it; its size. */
  sendFile(path: string, sparse: boolean, options: ProgressOptions): Promise<number> {
    const { onProgress } = options
    const signal = this.#endOf(options.signal)
    return this.callWith(native.sendFile, { signal, onProgress, onAbort: 'cancel' }, path, sparse)
  }

  async sendHole(length: number): Promise<void> {
    await this.call(native.virStreamSendHole, length)
  }

  /** Waits until the other side has taken all. */
  async finish(): Promise<void> {
    await this.call(native.virStreamFinish)
  }
}

type Callback = (error?: Error | null) => void

/** Settles a stream's callback as a promise does. */
function settle(done: Promise<void>, callback: Callback): void {
  done.then(
    () => callback(),
    (error) => callback(error as Error),
  )
}

/** What every `_destroy` does: whoever waits is told to end, and then what is below is closed. */
function end(
  ends: AbortController,
  close: () => Promise<unknown>,
  error: Error | null,
  callback: Callback,
): void {
  ends.abort()
  close().then(
    () => callback(error),
    (late) => callback(error ?? (late as Error)),
  )
}

/** The bytes of a stream to its end; holes are zeros. */
export async function* bytesOf(stream: StreamHandle, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  try {
    for (;;) {
      const part = await stream.receive(partSize, signal)
      if (part === undefined) break
      if (typeof part !== 'number') yield part
      else for (let left = part; left > 0; left -= partSize) yield zeros.subarray(0, Math.min(left, partSize))
    }
    await stream.finish()
  } finally {
    await stream.close()
  }
}

/**
 * What a Readable reads: `open` gives the bytes, which end early when the signal is aborted. They begin with those of
 * `first`, which is open already: nobody may ever read.
 */
export class BytesReader extends Readable {
  readonly #first: StreamHandle
  readonly #ends = new AbortController()
  readonly #bytes: AsyncGenerator<Buffer, void>

  constructor(
    first: StreamHandle,
    open: (signal: AbortSignal) => AsyncGenerator<Buffer, void>,
    signal: AbortSignal | undefined,
  ) {
    super({ highWaterMark: partSize })
    this.#first = first
    this.#bytes = open(this.#ends.signal)
    // Not by super(): a signal that is aborted already destroys at once.
    if (signal) addAbortSignal(signal, this)
  }

  override _read(): void {
    this.#bytes.next().then(
      ({ done, value }) => this.push(done ? null : value),
      (error) => this.destroy(error as Error),
    )
  }

  override _destroy(error: Error | null, callback: Callback): void {
    // A generator that has not begun closes nothing.
    end(this.#ends, () => this.#bytes.return().finally(() => this.#first.close()), error, callback)
  }
}

/** How many bytes from `at` on are zeros throughout, in whole blocks, or are not. */
function run(bytes: Uint8Array, at: number): { zero: boolean; end: number } {
  const block = 64 * 1024
  const isZero = (from: number): boolean => {
    const part = bytes.subarray(from, from + block)
    return part.length === block && zeros.subarray(0, block).equals(part)
  }
  const zero = isZero(at)
  let end = at + block
  while (end < bytes.length && isZero(end) === zero) end += block
  return { zero, end: Math.min(end, bytes.length) }
}

async function sendSparse(stream: StreamHandle, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { zero, end } = run(bytes, at)
    if (zero) await stream.sendHole(end - at)
    else await stream.send(bytes.subarray(at, end), signal)
    at = end
  }
}

/** What a Writable writes goes into the stream; its end is what the other side has taken. */
export class BytesWriter extends Writable {
  readonly #stream: StreamHandle
  readonly #sparse: boolean
  readonly #length: number | undefined
  readonly #ends = new AbortController()
  #written = 0

  constructor(
    stream: StreamHandle,
    options: { sparse: boolean; length: number | undefined; signal: AbortSignal | undefined },
  ) {
    super({ highWaterMark: 4 * partSize })
    const { sparse, length, signal } = options
    this.#stream = stream
    this.#sparse = sparse
    this.#length = length
    if (signal) addAbortSignal(signal, this)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const { signal } = this.#ends
    this.#written += chunk.length
    // Refused here: what daemons make of it differs by their release.
    if (this.#length !== undefined && this.#written > this.#length) {
      callback(outOfRange('the data', `at most options.length, ${this.#length} bytes`, this.#written))
      return
    }
    settle(
      this.#sparse ? sendSparse(this.#stream, chunk, signal) : this.#stream.send(chunk, signal),
      callback,
    )
  }

  /** What has come while the last one was on its way goes in one piece. */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, callback)
  }

  override _final(callback: Callback): void {
    settle(this.#stream.finish(), callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    end(this.#ends, () => this.#stream.close(), error, callback)
  }
}

/** A console: what is written goes to the guest, what the guest says is read. */
export class BytesDuplex extends Duplex {
  readonly #stream: StreamHandle
  readonly #ends = new AbortController()

  constructor(stream: StreamHandle, signal: AbortSignal | undefined) {
    // A guest that has stopped hears nothing either.
    super({ allowHalfOpen: false })
    this.#stream = stream
    if (signal) addAbortSignal(signal, this)
  }

  override _read(): void {
    this.#stream.receive(partSize, this.#ends.signal).then(
      (part) => this.push(typeof part === 'object' ? part : null),
      (error) => this.destroy(error as Error),
    )
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    settle(this.#stream.send(chunk, this.#ends.signal), callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    end(this.#ends, () => this.#stream.close(), error, callback)
  }
}
