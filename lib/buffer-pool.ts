import { native } from './internal/addon.js'
import { onAbort } from './internal/on-abort.js'
import { invalidArgValue, toOptions, toSignal, toSize } from './internal/validate.js'

const pageSize = 4096

/**
 * What a {@link BufferPool} has.
 *
 * @since 0.1.0
 */
export interface BufferPoolOptions {
  /** Bytes of a buffer: a multiple of 4096, at most 1 GiB. */
  bufferSize: number
  /** How many buffers, at most 65536. */
  count: number
}

/**
 * A fixed number of page-aligned buffers in one allocation, for programs that want no allocation an operation.
 *
 * @since 0.1.0
 */
export class BufferPool {
  readonly bufferSize: number
  readonly count: number
  readonly #idle: Buffer[] = []
  readonly #lent = new Set<Buffer>()
  /** Who waits, first come first. */
  readonly #waiting = new Set<(buffer: Buffer) => void>()

  /**
   * Allocates all buffers, zeroed.
   *
   * Errors: `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`; a `RangeError` of V8's when there is
   * not so much memory.
   *
   * @since 0.1.0
   */
  constructor(options: BufferPoolOptions) {
    const { bufferSize, count } = toOptions('options', options, { bufferSize: ['size'], count: true })
    this.bufferSize = toSize('options.bufferSize', bufferSize, pageSize, 2 ** 30)
    if (this.bufferSize % pageSize !== 0)
      throw invalidArgValue('options.bufferSize', `must be a multiple of ${pageSize}`)
    this.count = toSize('options.count', count, 1, 65_536)
    const memory = new ArrayBuffer(this.bufferSize * this.count + pageSize)
    const first = (pageSize - native.pageOffset(new Uint8Array(memory))) % pageSize
    for (let i = this.count - 1; i >= 0; i--)
      this.#idle.push(Buffer.from(memory, first + i * this.bufferSize, this.bufferSize))
  }

  /** Buffers that are not in use. */
  get available(): number {
    return this.#idle.length
  }

  /**
   * A buffer, with whatever its last user left in it. While all are in use it waits, first come first served; aborting
   * the signal ends that with the signal's reason.
   *
   * @since 0.1.0
   */
  acquire(options?: { signal?: AbortSignal }): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const signal = toSignal(toOptions('options', options, { signal: true }).signal)
      signal?.throwIfAborted()
      const buffer = this.tryAcquire()
      if (buffer !== undefined) {
        resolve(buffer)
        return
      }
      const unlisten =
        signal &&
        onAbort(signal, () => {
          this.#waiting.delete(take)
          reject(signal.reason)
        })
      const take = (given: Buffer): void => {
        unlisten?.()
        resolve(given)
      }
      this.#waiting.add(take)
    })
  }

  /**
   * A buffer, or `undefined` while all are in use.
   *
   * @since 0.1.0
   */
  tryAcquire(): Buffer | undefined {
    const buffer = this.#idle.pop()
    if (buffer !== undefined) this.#lent.add(buffer)
    return buffer
  }

  /**
   * Takes a buffer back: the very object that was given, not a part of it.
   *
   * Errors: `ERR_INVALID_ARG_VALUE` it is not this pool's, or was given back before.
   *
   * @since 0.1.0
   */
  release(buffer: Buffer): void {
    if (!this.#lent.has(buffer)) throw invalidArgValue('buffer', "is not one of this pool's that are in use")
    const [next] = this.#waiting
    // Another object over the same memory: who gives his back twice must not give back the next one's.
    const fresh = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length)
    this.#lent.delete(buffer)
    if (next === undefined) {
      this.#idle.push(fresh)
      return
    }
    this.#waiting.delete(next)
    this.#lent.add(fresh)
    next(fresh)
  }
}
