import { CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import type { Owner } from '../internal/dispatcher.js'
import { jsonable } from '../internal/json.js'
import type { NativeNotification } from '../internal/native/rados.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { throwUncaught } from '../internal/uncaught.js'
import { invalidArgType, toOptions, toSize, toText } from '../internal/validate.js'
import { toBytes } from './bytes.js'
import type { IoCtx } from './ioctx.js'
import { IoCtxLocks } from './object-lock.js'

/**
 * What another client said about an object, or this one itself.
 *
 * @since 0.1.0
 */
export interface Notification {
  /** The notify's id, the same for all its watchers. */
  id: bigint
  /** Who notified: its `cluster.clientId()`. */
  clientId: bigint
  payload: Buffer
}

/**
 * Hears the notifications of a watched object. They come in order; one that returns a promise does not hold up the
 * next. The notifier is answered when the listener is done, with the bytes that it gives, if any.
 *
 * @since 0.1.0
 */
export type WatchListener = (
  notification: Notification,
  // biome-ignore lint/suspicious/noConfusingVoidType: a listener that answers nothing need not return
) => Uint8Array | undefined | void | Promise<Uint8Array | undefined | void>

/**
 * Options of `ioctx.watch()`.
 *
 * @since 0.1.0
 */
export interface WatchOptions extends CallOptions {
  /**
   * The watch is lost: a {@link CephError} `ENOTCONN` (the object was removed, or the cluster could not be reached for
   * long), after which notifications may have been missed: close it and watch again. Also what the listener threw; that
   * notification is answered all the same, without bytes. Default: thrown, as an EventEmitter's `error` is.
   */
  onError?: (error: Error) => void
  /**
   * Milliseconds for which the cluster keeps the watch, and notifiers wait for it, when this client is gone without a
   * word; rounded up to seconds. Default: the cluster's `osd_client_watch_timeout`, 30 seconds.
   */
  timeoutMs?: number
}

/**
 * A watcher that answered a notify. The ids are its client's and its watch's.
 *
 * @since 0.1.0
 */
export interface NotifyReply {
  clientId: bigint
  cookie: bigint
  /** Empty when it answered without bytes. */
  payload: Buffer
}

/**
 * Who answered a notify, and who did not in time: it is dead, or busy, or never answers.
 *
 * @since 0.1.0
 */
export interface NotifyResult {
  replies: NotifyReply[]
  timedOut: { clientId: bigint; cookie: bigint }[]
}

/**
 * Options of `ioctx.notify()`.
 *
 * @since 0.1.0
 */
export interface NotifyOptions {
  /** Milliseconds to wait for watchers, rounded up to seconds. Default 10 000. */
  timeoutMs?: number
  /** Aborting rejects at once; the watchers are notified nevertheless. */
  signal?: AbortSignal | undefined
}

function closeAbandonedWatch(opened: unknown, owner: Owner): void {
  closeAbandoned((opened as { handle: number }).handle, owner)
}

/** librados counts both timeouts in seconds, and takes 0 for its own default. */
function toSeconds(name: string, value: unknown): number {
  return Math.ceil(toSize(name, value, 1, 86_400_000) / 1000)
}

function toFunction<T>(name: string, value: T): T {
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value)
  return value
}

/**
 * A watch on an object, from `ioctx.watch()`. While it is open it keeps the process alive, as a listening server does.
 *
 * @since 0.1.0
 */
export class Watch extends Resource {
  readonly ioctx: IoCtx
  /** The object's name. */
  readonly object: string
  /** The watch's id, as notifiers see it together with `cluster.clientId()`. */
  readonly cookie: bigint
  readonly #listener: WatchListener
  readonly #onError: ((error: Error) => void) | undefined

  /** @internal */
  constructor(
    opened: { handle: number; cookie: bigint },
    ioctx: IoCtx,
    object: string,
    listener: WatchListener,
    onError: ((error: Error) => void) | undefined,
  ) {
    super(opened.handle, ioctx, `Watch of '${ioctx.pool}/${object}'`)
    this.ioctx = ioctx
    this.object = object
    this.cookie = opened.cookie
    this.#listener = listener
    this.#onError = onError
    void this.listen((event: NativeNotification | number) => this.#deliver(event))
  }

  /** @internal */
  override about(): ErrorObject {
    const { pool, namespace } = this.ioctx
    return { pool, namespace, object: this.object }
  }

  /** @internal */
  makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    const { pool, namespace } = this.ioctx
    const detail = typeof value === 'string' ? value : undefined
    return new CephError({ pool, namespace, object: this.object, ...object, errno, syscall, detail })
  }

  /** @internal */
  closedError(syscall: string): Error {
    const { pool, namespace } = this.ioctx
    return closedError(syscall, { pool, namespace, object: this.object }, 'the watch is closed')
  }

  #deliver(event: NativeNotification | number): void {
    if (!this.open) return
    if (typeof event === 'number')
      this.#fail(this.makeError(event, 'rados_watch3', 'the watch is lost, notifications may be missed'))
    else void this.#answer(event)
  }

  async #answer(notification: NativeNotification): Promise<void> {
    let reply: Uint8Array | undefined
    try {
      const answer = await this.#listener(jsonable(notification))
      if (answer !== undefined) reply = toBytes("the watch listener's answer", answer)
    } catch (error) {
      this.#fail(error)
    }
    if (!this.open) return
    try {
      await this.call(native.rados_notify_ack, notification.id, reply ?? new Uint8Array())
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    try {
      if (this.#onError === undefined) throw error
      this.#onError(error as Error)
    } catch (thrown) {
      throwUncaught(thrown)
    }
  }

  /**
   * Milliseconds since the cluster last confirmed the watch. It does so every few seconds.
   *
   * Errors: `ENOTCONN` and others: the watch is lost.
   *
   * Implements: rados_watch_check.
   * @since 0.1.0
   */
  check(options?: CallOptions): Promise<number> {
    return this.callWith(native.rados_watch_check, toTaskOptions(options))
  }

  /**
   * Ends the watch. Notifications that are not answered yet are not waited for by their notifiers any more, and the
   * listener hears nothing after this was called.
   *
   * Implements: rados_unwatch2, rados_watch_flush.
   */
  override close(options?: CallOptions): Promise<void> {
    return super.close(options)
  }
}

/** An ioctx's watches and notifies. */
export abstract class IoCtxWatch extends IoCtxLocks {
  /**
   * Watches an object: `listener` hears what others notify about it, and its answer is their reply.
   *
   * ```js
   * const watch = await ioctx.watch('board', ({ payload }) => Buffer.from(`heard ${payload}`))
   * ```
   *
   * Errors: `ENOENT` no such object (`createObject()` makes one); `EACCES`, `EPERM` not allowed.
   *
   * Implements: rados_watch3, rados_notify_ack.
   * @since 0.1.0
   */
  async watch(object: string, listener: WatchListener, options?: WatchOptions): Promise<Watch> {
    const name = toText('object', object)
    toFunction('listener', listener)
    const { onError, timeoutMs, signal } = toOptions('options', options, {
      onError: true,
      timeoutMs: ['timeout'],
      signal: true,
    })
    if (onError !== undefined) toFunction('options.onError', onError)
    const timeout = timeoutMs === undefined ? 0 : toSeconds('options.timeoutMs', timeoutMs)
    const opened = await this.callWith(
      native.rados_watch3,
      { ...toTaskOptions({ signal }, { object: name }), abandoned: closeAbandonedWatch },
      name,
      timeout,
    )
    return new Watch(opened, this as unknown as IoCtx, name, listener, onError)
  }

  /**
   * Tells all watchers of an object, and waits for their answers. Watchers that do not answer within the time are no
   * error: the result names them.
   *
   * Errors: `ENOENT` no such object; `EACCES`, `EPERM` not allowed; `EBADMSG` the cluster's answer makes no sense.
   *
   * Implements: rados_notify2.
   * @since 0.1.0
   */
  async notify(
    object: string,
    payload: Uint8Array = new Uint8Array(),
    options?: NotifyOptions,
  ): Promise<NotifyResult> {
    const name = toText('object', object)
    const { timeoutMs, signal } = toOptions('options', options, { timeoutMs: ['timeout'], signal: true })
    const timeout = 1000 * toSeconds('options.timeoutMs', timeoutMs ?? 10_000)
    const result = await this.callWith(
      native.rados_notify2,
      toTaskOptions({ signal }, { object: name }),
      name,
      toBytes('payload', payload),
      timeout,
    )
    return { replies: result.replies.map(jsonable), timedOut: result.timedOut.map(jsonable) }
  }
}
