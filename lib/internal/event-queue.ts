/**
 * What a subscription has told and its one loop has not read yet; the class that is the loop's iterator hands `next()` on
 * to it. JavaScript thread.
 */
export class EventQueue<T> {
  readonly #events: T[] = []
  /** Who waits for the next event, first come first served. */
  readonly #readers: (() => void)[] = []
  readonly #close: () => Promise<void>
  #error: Error | undefined
  #ended = false

  /** @param close Closes the subscription; a reader that hears of an error has waited for it. */
  constructor(close: () => Promise<void>) {
    this.#close = close
  }

  /** How many events wait for their reader. */
  get length(): number {
    return this.#events.length
  }

  /** The event told last, while it waits. */
  get newest(): T | undefined {
    return this.#events.at(-1)
  }

  push(event: T): void {
    if (this.#ended || this.#error) return
    this.#events.push(event)
    this.#readers.shift()?.()
  }

  /** Ends the events with an error, of which the reader hears after what waits. */
  fail(error: Error): void {
    this.#error ??= error
    this.#readers.shift()?.()
  }

  /** The subscription is closed: whoever waits hears of the end, and what waits is dropped. */
  end(): void {
    this.#ended = true
    this.#events.length = 0
    for (const wake of this.#readers.splice(0)) wake()
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const value = this.#events.shift()
      if (value !== undefined) return { done: false, value }
      if (this.#error && !this.#ended) {
        await this.#close()
        throw this.#error
      }
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => this.#readers.push(resolve))
    }
  }
}
