// A connection that is opened again when its daemon has gone, as the same object.
import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, untilAborted } from '../internal/call-options.js'
import { startTask, type TaskOptions } from '../internal/dispatcher.js'
import { closeReasons } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { Task } from '../internal/native/core.js'
import type { NativeEvent } from '../internal/native/libvirt-events.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { systemError } from './errors.js'
import type { CloseReason } from './events.js'
import { LibvirtObject, type Origin } from './object.js'
import { type Reconnected, type Schedule, untilReconnected } from './reconnection.js'

/** What goes on over the next connection: a stream of events. */
export interface Follower {
  /** Listens over the connection that has been opened, and says nothing yet. */
  rejoin(): Promise<void>
  /** Tells of the gap, and then what it has heard since. */
  resume(reconnected: Reconnected): void
  fail(error: Error): void
}

/** How to open another one. */
export interface Reopening {
  schedule: Schedule
  open: (signal: AbortSignal) => Promise<number>
}

/** Hears of the end of the connection; nobody waits for it. */
class EndWatch extends LibvirtObject {
  heard: CloseReason | undefined

  constructor(handle: number, connection: ReconnectingConnection, tell: (watch: EndWatch) => void) {
    super(handle, connection, { uri: connection.givenUri, object: 'close', kind: 'watch' })
    void this.listen(({ closeReason }: NativeEvent) => {
      this.heard = nameOf(closeReasons, closeReason ?? 0)
      tell(this)
    }, AbortSignal.abort())
  }
}

/** A time without the daemon. */
interface Away {
  reason: CloseReason
  since: number
  /** Resolves when it is over, and rejects when it is given up. */
  over: Promise<void>
}

/**
 * Base of connections.
 *
 * @since 0.1.0
 */
export abstract class ReconnectingConnection extends Resource {
  /** @internal */
  abstract readonly givenUri: string | undefined
  /** @internal `undefined`: it is opened once. */
  readonly origin: Origin | undefined
  /** @internal */
  generation = 0
  readonly #reopening: Reopening | undefined
  readonly #followers = new Set<Follower>()
  readonly #ends = new AbortController()
  #watch: EndWatch | undefined
  #away: Away | undefined
  /** What is called now is sent: also while it is away, once another one has been opened. */
  #reachable = true

  /** @internal */
  protected constructor(handle: number, label: string, reopening: Reopening | undefined) {
    super(handle, undefined, label)
    this.#reopening = reopening
    this.origin = reopening && this
  }

  /** @internal The domains and how they are, for those that were away. */
  protected abstract domainStates(): Promise<Reconnected['domains']>

  /** @internal */
  checkConnected(syscall: string): void {
    if (this.#reachable) return
    const text =
      "the daemon has gone, and nothing was sent to it: 'await connection.connected()' waits until it is back"
    throw systemError(-constants.errno.ENOTCONN, { syscall, uri: this.givenUri }, text)
  }

  /** @internal */
  override callWith<A extends unknown[], R>(
    fn: Task<[number, ...A], R>,
    options: TaskOptions,
    ...args: A
  ): Promise<R> {
    if (this.open && !this.#reachable) {
      try {
        this.checkConnected(fn.name)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return super.callWith(fn, options, ...args)
  }

  /**
   * Whether the connection still stands. Asks nobody: a daemon that is stopped counts as alive until keepalive finds
   * out. `false` while a connection with `reconnect` waits for its daemon.
   *
   * Implements: virConnectIsAlive.
   * @since 0.1.0
   */
  async isAlive(): Promise<boolean> {
    return (this.#reachable || !this.open) && this.call(native.virConnectIsAlive)
  }

  /**
   * Resolves when the connection stands: at once, or, with `reconnect`, when it has been opened again, and streams of events
   * with `resume` have gone on.
   *
   * Errors: `ETIMEDOUT` it was given up (`giveUpAfterMs`); `EBADF` it was closed; `ENOTCONN` it has ended and was opened
   * without `reconnect`; the signal's reason.
   *
   * Implements: virConnectIsAlive.
   * @since 0.1.0
   */
  async connected(options?: CallOptions): Promise<void> {
    const signal = toCallSignal(options)
    signal?.throwIfAborted()
    const context = { syscall: 'virConnectIsAlive', uri: this.givenUri }
    if (this.#away === undefined) {
      if (await this.call(native.virConnectIsAlive)) return
      if (this.#reopening === undefined) {
        const text = 'the daemon has gone: open another connection, or open it with { reconnect: true }'
        throw systemError(-constants.errno.ENOTCONN, context, text)
      }
      this.#lost('error')
    }
    const over = this.#away?.over ?? Promise.resolve()
    await (signal === undefined ? over : untilAborted(over, signal))
  }

  /** @internal After this it is opened again whenever it ends. */
  async watchEnd(): Promise<void> {
    if (this.#reopening === undefined) return
    const handle = await this.call(native.virConnectRegisterCloseCallback)
    if (!this.open) return closeAbandoned(handle, this)
    this.#watch?.close().catch(() => {}) // the daemon that it was registered with has gone
    this.#watch = new EndWatch(handle, this, (watch) => {
      if (watch === this.#watch) this.#lost(watch.heard ?? 'unknown')
    })
  }

  /** @internal Has `follower` go on over the next connections; `generation` is the one that it listens over. */
  follow(follower: Follower, generation: number): boolean {
    if (generation !== this.generation) return false
    this.#followers.add(follower)
    return true
  }

  /** @internal */
  unfollow(follower: Follower): void {
    this.#followers.delete(follower)
  }

  /** @internal Whether it is opened again after `error`, which may be of its end; then it waits until it has been. */
  async survives(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (this.#reopening === undefined || !this.open || signal.aborted) return false
    if (this.#away === undefined && (await this.isAlive())) {
      // It ended, and is back already.
      return ['ECONNRESET', 'ENOTCONN'].includes((error as { code?: string }).code ?? '')
    }
    await this.connected({ signal })
    return true
  }

  /** @internal */
  protected override ending(): void {
    this.#ends.abort(this.closedError('virConnectOpen'))
  }

  #lost(reason: CloseReason): void {
    if (this.#away !== undefined || this.#reopening === undefined || !this.open) return
    this.#reachable = false
    const since = performance.now()
    const over = this.#reconnect(this.#reopening, { reason, since })
    over.catch(() => {}) // whoever waits has it
    this.#away = { reason, since, over }
  }

  async #reconnect({ open, schedule }: Reopening, { reason, since }: Omit<Away, 'over'>): Promise<void> {
    const { signal } = this.#ends
    let domains: Reconnected['domains'] = []
    try {
      const attempts = await untilReconnected(
        schedule,
        async (limit) => {
          domains = await this.#again(await open(limit))
        },
        signal,
        this.givenUri,
      )
      this.#away = undefined
      const awayMs = performance.now() - since
      for (const follower of this.#followers) follower.resume({ reason, awayMs, attempts, domains })
    } catch (error) {
      // After its end nobody follows: streams have ended with it.
      if (!signal.aborted) for (const follower of this.#followers) follower.fail(error as Error)
      throw signal.aborted ? signal.reason : error
    }
  }

  /** Goes on with the connection that was opened: first those who listen, then how things are. */
  async #again(handle: number): Promise<Reconnected['domains']> {
    if (!this.open) {
      closeAbandoned(handle, this)
      throw this.closedError('virConnectOpen')
    }
    this.replaceHandle(handle)
    this.generation++
    this.#reachable = true
    try {
      await this.watchEnd()
      await Promise.all([...this.#followers].map((follower) => this.#rejoin(follower)))
      const domains = await this.domainStates()
      if (this.#watch?.heard !== undefined || !(await this.isAlive()))
        throw systemError(-constants.errno.ECONNRESET, { syscall: 'virConnectOpen', uri: this.givenUri })
      return domains
    } catch (error) {
      this.#reachable = false
      throw error
    }
  }

  /** A stream that the daemon refuses ends alone; one that fails because the daemon has gone again is tried again. */
  async #rejoin(follower: Follower): Promise<void> {
    try {
      await follower.rejoin()
    } catch (error) {
      if (!(await startTask(this, native.virConnectIsAlive, [this.handle]))) throw error
      this.unfollow(follower)
      follower.fail(error as Error)
    }
  }
}
