import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { EventQueue } from '../internal/event-queue.js'
import { closeAbandoned } from '../internal/resource.js'
import type { ImageHandle } from './handle.js'
import { ImageWatch } from './image-watch.js'

/**
 * What happened to the exclusive lock that librbd manages.
 *
 * @since 0.1.0
 */
export interface LockEvent {
  /** A client has it, has given it up, or asks its owner for it. */
  event: 'acquired' | 'released' | 'requested'
  /** That client, as `locks.lockers()` has it: `'client.4123'`. */
  client: string
}

/** As many events wait for their reader; with more the reader is told that some are lost. */
const maxWaiting = 1000

/**
 * The transitions of an image's exclusive lock, from `image.locks.watch()` on:
 *
 * ```js
 * for await (const { event, client } of await image.locks.watch()) console.log(client, event)
 * ```
 *
 * They are what clients say: one that dies without a word says nothing, and its lock is broken by the next. Should the
 * loop fall 1000 events behind, it throws `ENOBUFS`; when the cluster could not be reached for long, `ENOTCONN`. While it is
 * open it keeps the process alive, and counts as one more watcher of the image. Leaving the loop closes it. One loop
 * reads it.
 *
 * @since 0.1.0
 */
export class LockWatch extends ImageWatch implements AsyncIterableIterator<LockEvent> {
  readonly #events = new EventQueue<LockEvent>(() => this.close())

  private constructor(handle: number, image: ImageHandle) {
    super(handle, image, 'lock watch')
    void this.listen((told: [LockEvent['event'], string] | number) => this.#deliver(told)).then(() =>
      this.#events.end(),
    )
  }

  /** @internal */
  static async open(image: ImageHandle, options: CallOptions | undefined): Promise<LockWatch> {
    image.checkWritable('rados_watch3')
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    return new LockWatch(await image.callWith(native.rbd_lock_watch, task), image)
  }

  #deliver(told: [LockEvent['event'], string] | number): void {
    if (typeof told === 'number') {
      this.#fail(told, 'the watch is lost, events may be missed')
    } else if (this.#events.length < maxWaiting) {
      this.#events.push({ event: told[0], client: told[1] })
    } else {
      this.#fail(-constants.errno.ENOBUFS, 'events were lost, for they were read too slowly')
    }
  }

  #fail(errno: number, detail: string): void {
    this.#events.fail(this.makeError(errno, 'rados_watch3', detail))
  }

  /** The next event, when there is one; the end once the watch or the image is closed. */
  next(): Promise<IteratorResult<LockEvent, undefined>> {
    return this.#events.next()
  }

  /** Closes the watch: what `break` does in a loop. */
  async return(): Promise<IteratorResult<LockEvent, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Ends the watch; whoever waits for the next event hears of the end.
   *
   * Implements: rados_unwatch2, rados_watch_flush.
   */
  override close(options?: CallOptions): Promise<void> {
    const closed = super.close(options)
    if (!this.open) this.#events.end()
    return closed
  }
}
