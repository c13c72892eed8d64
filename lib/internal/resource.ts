import type { ErrorObject } from '../errors.js'
import { native } from './addon.js'
import { type CallOptions, toCallSignal, untilAborted } from './call-options.js'
import { keepAlive, type Owner, startTask, type TaskOptions } from './dispatcher.js'
import type { Task } from './native/core.js'

type Children = Map<number, WeakRef<Resource>>

/** Everything that finalising a forgotten resource needs; it must not reference the resource itself. */
interface Forgotten {
  handle: number
  /** `undefined`: forgetting it is no mistake. */
  label: string | undefined
  siblings: Children | undefined
}

/** The owner of calls that belong to no resource any more. */
const nobody: Owner = {
  inFlight: 0,
  idle: () => {},
  makeError: (result) => new Error(`close failed: ${result}`),
}

const forgotten = new FinalizationRegistry<Forgotten>(({ handle, label, siblings }) => {
  siblings?.delete(handle)
  if (label !== undefined) {
    process.emitWarning(`${label} was garbage-collected without close()`, { code: 'RBDKIT_NOT_CLOSED' })
  }
  // Native code lets a parent go only after its children, whatever order they come here in.
  closeOwnerless(handle)
})

/** Turns of the event loop after which a finaliser that is due counts as never coming: one is the rule. */
const finaliserTurns = 100

/** Closes under way that no resource waits for. */
const closing = new Set<Promise<void>>()

function closeOwnerless(handle: number): void {
  const closed = startTask(nobody, native.close, [handle])
    .catch(() => {})
    .finally(() => closing.delete(closed))
  closing.add(closed)
}

/** Closes what an abandoned call of `owner` opened after all. */
export function closeAbandoned(handle: unknown, owner: Owner): void {
  if (typeof handle === 'number') startTask(owner, native.close, [handle]).catch(() => {})
}

/**
 * Base of all handles: counts what is in flight, closes once, children first.
 *
 * @since 0.1.0
 */
export abstract class Resource implements Owner, AsyncDisposable {
  /** @internal */
  handle: number
  /** @internal Operations in flight. */
  inFlight = 0
  /** @internal False once `close()` was called. */
  open = true
  readonly #parent: Resource | undefined
  readonly #label: string | undefined
  readonly #children: Children = new Map()
  #closed: Promise<void> | undefined
  /** Somebody waits for `close()`, however long it takes. */
  #awaited = false
  readonly #left = new AbortController()
  #whenIdle: (() => void) | undefined

  /** @internal */
  protected constructor(handle: number, parent: Resource | undefined, label: string | undefined) {
    this.handle = handle
    this.#parent = parent
    this.#label = label
    this.#join()
  }

  #join(): void {
    const siblings = this.#parent?.adopt(this)
    forgotten.register(this, { handle: this.handle, label: this.#label, siblings }, this)
  }

  /** @internal Natively it is another one from now on; the old one is closed when the last call with it is over. */
  protected replaceHandle(handle: number): void {
    forgotten.unregister(this)
    this.#parent?.forget(this)
    closeOwnerless(this.handle)
    this.handle = handle
    this.#join()
  }

  /** @internal Aborted when nobody waits for `close()` any longer. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return !this.open
  }

  private adopt(child: Resource): Children {
    this.#children.set(child.handle, new WeakRef(child))
    return this.#children
  }

  /** @internal */
  idle(): void {
    this.#whenIdle?.()
  }

  /** @internal */
  about(): ErrorObject {
    return {}
  }

  /** @internal */
  abstract makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error

  /** @internal The error of using this handle after `close()`. */
  abstract closedError(syscall: string): Error

  /** @internal Keeps the handle open while `use` runs: for calls of another handle, or several of its own. */
  async lend<T>(syscall: string, use: () => Promise<T>): Promise<T> {
    if (!this.open) throw this.closedError(syscall)
    this.inFlight++
    try {
      return await use()
    } finally {
      if (--this.inFlight === 0) this.idle()
    }
  }

  /** @internal Runs a blocking native call whose first argument is this handle. */
  call<A extends unknown[], R>(fn: Task<[number, ...A], R>, ...args: A): Promise<R> {
    return this.callWith(fn, {}, ...args)
  }

  /** @internal The same, with progress, a signal, or another object for the error to name. */
  callWith<A extends unknown[], R>(
    fn: Task<[number, ...A], R>,
    options: TaskOptions,
    ...args: A
  ): Promise<R> {
    if (!this.open) return Promise.reject(this.closedError(fn.name))
    return startTask(this, fn, [this.handle, ...args], options)
  }

  /**
   * @internal Hears what the subscription that this is tells, and resolves when native code has closed it. It is no
   * operation that close() waits for, and keeps this from being collected: somebody listens. `background`: see
   * {@link TaskOptions}.
   */
  listen<E>(tell: (event: E) => void, background = this.left): Promise<void> {
    const owner: Owner = {
      inFlight: 0,
      idle: () => {},
      makeError: (result, syscall) => this.makeError(result, syscall, undefined),
    }
    return startTask(owner, native.listen, [this.handle], { onProgress: tell, background })
  }

  /**
   * Closes the handle: waits for what is in flight, also for what an abort has left behind, closes its children first,
   * newest first, then itself.
   * Idempotent: every call gives the same promise. Operations started afterwards reject with `EBADF`.
   *
   * With a cluster that does not answer it waits like any other operation; `Cluster.connect`'s
   * `operationTimeoutMs` bounds it. Aborting `signal` rejects at once: the handle is then closed in the background, when
   * the cluster answers. Until it does, other clients still see an image as open and locked.
   */
  close(options?: CallOptions): Promise<void> {
    let signal: AbortSignal | undefined
    try {
      signal = toCallSignal(options)
    } catch (error) {
      return Promise.reject(error) // a wrong argument closes nothing
    }
    const closed = this.#beginClose()
    return signal === undefined ? this.#await(closed) : untilAborted(closed, signal, () => this.#leave())
  }

  #await(closed: Promise<void>): Promise<void> {
    this.#awaited = true
    return this.left.aborted ? keepAlive(closed) : closed
  }

  /** What is left of closing this and its children keeps the process alive no longer. */
  #leave(): void {
    if (this.#awaited) return
    this.#left.abort()
    for (const child of this.#openChildren()) child.#leave()
  }

  /** Oldest first; without those that were garbage-collected. */
  #openChildren(): Resource[] {
    return [...this.#children.values()].map((child) => child.deref()).filter((child) => child !== undefined)
  }

  /** Closes a child with its parent: who waits for the parent waits for the child. */
  #closeWith(parent: Resource): Promise<void> {
    const closed = this.#beginClose()
    if (parent.left.aborted) this.#leave()
    return closed
  }

  /** @internal Called once when it begins to close: ends what is in flight and would take as long as the handle is open. */
  protected ending(): void {}

  #beginClose(): Promise<void> {
    if (this.open) this.ending()
    this.open = false
    // What was abandoned keeps the process alive no longer: whoever waits for its end does.
    this.#closed ??= keepAlive(this.#close(), this.left)
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
      this.#whenIdle = undefined
    }
    const errors: unknown[] = []
    // A call that ended just now may have opened one more child: its promise's reactions run before this line.
    for (const child of this.#openChildren().reverse()) {
      try {
        await child.#closeWith(this)
      } catch (error) {
        errors.push(error)
      }
    }
    await this.#forgottenChildren()
    forgotten.unregister(this)
    try {
      await startTask(this, native.close, [this.handle], { background: this.left })
    } catch (error) {
      errors.push(error)
    }
    this.#parent?.forget(this) // not before: the parent's close() waits for this one
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'several handles could not be closed cleanly')
  }

  /**
   * Waits until children that were garbage-collected unclosed are closed. Their finalisers are due, and those of
   * their own children, which only finalisers know: until then native code would keep this handle alive.
   */
  async #forgottenChildren(): Promise<void> {
    const due = (): boolean => [...this.#children.values()].some((child) => child.deref() === undefined)
    if (!due()) return
    for (let turn = 0; turn < finaliserTurns && due(); turn++) await new Promise(setImmediate)
    await Promise.all(closing)
  }

  private forget(child: Resource): void {
    this.#children.delete(child.handle)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
