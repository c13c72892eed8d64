import { constants } from 'node:os'
import { closedError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { EventQueue } from '../internal/event-queue.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { throwUncaught } from '../internal/uncaught.js'
import { invalidArgType, type Known, toOptions, toSize } from '../internal/validate.js'
import type { ImageHandle } from './handle.js'

/** A watch of an open image: closed before the image, and no operation that the image's close() waits for. */
export abstract class ImageWatch extends Resource {
  /** @internal */
  protected readonly image: ImageHandle

  protected constructor(handle: number, image: ImageHandle, kind: string) {
    super(handle, image, `${kind} of '${image.ioctx.pool}/${image.name}'`)
    this.image = image
  }

  /** @internal */
  makeError(result: number, syscall: string, value: unknown): Error {
    return this.image.makeError(result, syscall, value)
  }

  /** @internal */
  closedError(syscall: string): Error {
    return closedError(syscall, this.image.about(), 'the watch is closed')
  }
}

/**
 * That an image's header has changed: its size, snapshots, features, parent, metadata, or who holds its lock.
 *
 * @since 0.1.0
 */
export interface ImageUpdate {
  /** How often it has changed since the update before, at least once. */
  changes: number
}

/**
 * The changes of an image's header, from `image.watches.updates()` on:
 *
 * ```js
 * for await (const { changes } of await image.watches.updates()) console.log(await image.size())
 * ```
 *
 * However slow the loop is, what waits for it is one count. While it is open it keeps the process alive. Leaving the
 * loop closes it. One loop reads it.
 *
 * @since 0.1.0
 */
export class UpdateWatch extends ImageWatch implements AsyncIterableIterator<ImageUpdate> {
  readonly #events = new EventQueue<ImageUpdate>(() => this.close())

  /** @internal */
  constructor(handle: number, image: ImageHandle) {
    super(handle, image, 'update watch')
    void this.listen(() => {
      const waiting = this.#events.newest
      if (waiting) waiting.changes++
      else this.#events.push({ changes: 1 })
    }).then(() => this.#events.end())
  }

  /** The next change, when there is one; the end once the watch or the image is closed. */
  next(): Promise<IteratorResult<ImageUpdate, undefined>> {
    return this.#events.next()
  }

  /** Closes the watch: what `break` does in a loop. */
  async return(): Promise<IteratorResult<ImageUpdate, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Ends the watch; whoever waits for the next change hears of the end.
   *
   * Implements: rbd_update_unwatch.
   */
  override close(options?: CallOptions): Promise<void> {
    const closed = super.close(options)
    if (!this.open) this.#events.end()
    return closed
  }
}

/**
 * Brings what uses an image to rest for a snapshot.
 *
 * @since 0.1.0
 */
export interface QuiesceHandler {
  /**
   * A snapshot is about to be made, by whichever client, which waits for the promise. It is made once that has resolved, and
   * fails when it rejects: with its `errno`, if it has one, or with `EIO`. The signal is aborted at the deadline. Where
   * the image has the feature exclusive-lock, another client that makes a snapshot may hold the lock meanwhile: then what is
   * written to the image here waits for the snapshot, which waits for this promise.
   */
  quiesce: (signal: AbortSignal) => Promise<void> | void
  /** The snapshot was made, or was not after all, or the watch is closed, also when `quiesce()` failed: what rests may go on. */
  unquiesce: () => Promise<void> | void
}

/**
 * Options of `image.watches.quiesce()`.
 *
 * @since 0.1.0
 */
export interface QuiesceOptions extends CallOptions {
  /** Milliseconds that `quiesce()` has; then the snapshot fails with `ETIMEDOUT`. Default 30 000. */
  timeoutMs?: number
  /** What the handler threw. Default: for `quiesce()` nobody, for whoever makes the snapshot hears of it; for `unquiesce()` thrown. */
  onError?: (error: Error) => void
}

const quiesceOptions: Known<QuiesceOptions> = { timeoutMs: ['timeout'], onError: true, signal: true }

function errnoOf(error: unknown): number {
  const errno = (error as { errno?: unknown } | undefined)?.errno
  return typeof errno === 'number' && Number.isInteger(errno) && errno < 0 && errno > -4096
    ? errno
    : -constants.errno.EIO
}

/**
 * A watch of the snapshots that are about to be made of an image, from `image.watches.quiesce()`. While it is open it keeps the
 * process alive.
 *
 * @since 0.1.0
 */
export class QuiesceWatch extends ImageWatch {
  readonly #handler: QuiesceHandler
  readonly #timeoutMs: number
  readonly #onError: ((error: Error) => void) | undefined
  /** The deadline of the `quiesce()` under way. */
  #deadline: AbortController | undefined
  /** `quiesce()` was called, and `unquiesce()` is due. */
  #resting = false

  /** @internal */
  constructor(
    handle: number,
    image: ImageHandle,
    handler: QuiesceHandler,
    timeoutMs: number,
    onError: ((error: Error) => void) | undefined,
  ) {
    super(handle, image, 'quiesce watch')
    this.#handler = handler
    this.#timeoutMs = timeoutMs
    this.#onError = onError
    void this.listen((event: 'quiesce' | 'unquiesce') => {
      void (event === 'quiesce' ? this.#quiesce() : this.#unquiesce())
    }).then(() => {
      this.#deadline?.abort(this.closedError('rbd_quiesce_complete'))
      if (this.#resting) void this.#unquiesce()
    })
  }

  async #quiesce(): Promise<void> {
    const deadline = new AbortController()
    this.#deadline = deadline
    this.#resting = true
    let result = 0
    const late = this.makeError(-constants.errno.ETIMEDOUT, 'rbd_quiesce_watch', 'quiesce() took too long')
    const timer = setTimeout(() => deadline.abort(late), this.#timeoutMs)
    try {
      const aborted = new Promise<never>((_, reject) => {
        deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true })
      })
      await Promise.race([this.#handler.quiesce(deadline.signal), aborted])
    } catch (error) {
      result = errnoOf(error)
      this.#onError?.(error as Error)
    } finally {
      clearTimeout(timer)
      this.#deadline = undefined
    }
    // When it was closed meanwhile, closing has refused the snapshot.
    if (this.open) await this.call(native.rbd_quiesce_complete, result).catch(() => {})
  }

  async #unquiesce(): Promise<void> {
    this.#resting = false
    try {
      await this.#handler.unquiesce()
    } catch (error) {
      if (this.#onError) this.#onError(error as Error)
      else throwUncaught(error)
    }
  }

  /**
   * Ends the watch. A snapshot that waits for `quiesce()` fails with `ECANCELED`, and one that is being made is waited for.
   *
   * Implements: rbd_quiesce_unwatch.
   */
  override close(options?: CallOptions): Promise<void> {
    return super.close(options)
  }
}

/**
 * Watches of what happens to an image: `image.watches`. `image.listWatchers()` tells who has it open.
 *
 * @since 0.1.0
 */
export class Watches {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Watches the image's header: each change of it, whoever makes it, this handle too.
   *
   * Errors: `EROFS` the image is open read-only, or at a snapshot, and hears of no change.
   *
   * Implements: rbd_update_watch.
   * @since 0.1.0
   */
  async updates(options?: CallOptions): Promise<UpdateWatch> {
    this.#image.checkWritable('rbd_update_watch')
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    return new UpdateWatch(await this.#image.callWith(native.rbd_update_watch, task), this.#image)
  }

  /**
   * Has librbd wait with each snapshot of the image until the handler has brought to rest what uses it, such as a file
   * system (`fsfreeze`) or a database. Those who make snapshots may ask not to (`quiesce: 'skip'`).
   *
   * ```js
   * const watch = await image.watches.quiesce({
   *   quiesce: () => database.pause(),
   *   unquiesce: () => database.resume(),
   * })
   * ```
   *
   * Errors: `EROFS` the image is open read-only, or at a snapshot.
   *
   * Implements: rbd_quiesce_watch, rbd_quiesce_complete.
   * @since 0.1.0
   */
  async quiesce(handler: QuiesceHandler, options?: QuiesceOptions): Promise<QuiesceWatch> {
    this.#image.checkWritable('rbd_quiesce_watch')
    for (const name of ['quiesce', 'unquiesce'] as const) {
      if (typeof handler?.[name] !== 'function')
        throw invalidArgType(`handler.${name}`, 'of type function', handler?.[name])
    }
    const { timeoutMs, onError, signal } = toOptions('options', options, quiesceOptions)
    const timeout = toSize('options.timeoutMs', timeoutMs ?? 30_000, 1, 86_400_000)
    if (onError !== undefined && typeof onError !== 'function')
      throw invalidArgType('options.onError', 'of type function', onError)
    const task = { ...toTaskOptions({ signal }), abandoned: closeAbandoned }
    const handle = await this.#image.callWith(native.rbd_quiesce_watch, task)
    return new QuiesceWatch(handle, this.#image, handler, timeout, onError)
  }
}
