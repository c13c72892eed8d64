import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { EventQueue } from '../internal/event-queue.js'
import { closeReasons } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { Task } from '../internal/native/core.js'
import type { NativeEvent } from '../internal/native/libvirt-events.js'
import { closeAbandoned, type Resource } from '../internal/resource.js'
import { systemError } from './errors.js'
import { LibvirtObject, type Origin } from './object.js'
import type { ReconnectingConnection } from './reconnecting.js'
import type { Reconnected, Resumed } from './reconnection.js'

/** As many events wait for their reader; more are lost, and the reader is told. */
const maxWaiting = 10_000

/**
 * Why a connection has ended: libvirt's virConnectCloseReason.
 *
 * @since 0.1.0
 */
export type CloseReason = (typeof closeReasons)[keyof typeof closeReasons] | 'unknown'

/** The subscriptions to the end of a connection: to them it is what they are told, to others it is a failure. */
const ofTheEnd = new Set([
  native.virConnectRegisterCloseCallback.name,
  native.virAdmConnectRegisterCloseCallback.name,
])

/** What a subscription is to: `parent` closes it. `kind` is what errors name. */
interface EventsOf<E, A extends unknown[]> {
  connection: Resource & { readonly givenUri: string | undefined }
  parent: Resource & { readonly origin?: Origin | undefined }
  kind: string
  register: Task<[connection: number, ...A], number>
  /** Asked for once the object is one of the connection as it is now. */
  args: () => A
  decode: (told: NativeEvent) => E
}

/** What a stream with `resume` goes on by. */
interface Resumption {
  connection: ReconnectingConnection
  register: () => Promise<number>
}

/**
 * Events of one kind, from the call that gave it on; none is missed:
 *
 * ```js
 * const events = await connection.events('domain', 'lifecycle')
 * for await (const { domain, event } of events) console.log(domain.name, event)
 * ```
 *
 * While it is open it keeps the process alive. Leaving the loop closes it. One loop reads it. Should the loop fall
 * 10 000 events behind, it throws `ENOBUFS` after what it has missed nothing of; when the connection ends, likewise
 * `ECONNRESET`, unless it was asked for with `resume`.
 *
 * @since 0.1.0
 */
export class Events<E> extends LibvirtObject implements AsyncIterableIterator<E> {
  readonly #events = new EventQueue<E | Resumed>(() => this.close())
  readonly #register: string
  readonly #decode: (told: NativeEvent) => E
  readonly #resumption: Resumption | undefined
  /** What it has listened by since the connection was opened again. */
  #next: number | undefined

  private constructor(
    handle: number,
    parent: Resource & { readonly origin?: Origin | undefined },
    identity: { uri: string | undefined; object: string; register: string },
    decode: (told: NativeEvent) => E,
    resumption: Resumption | undefined,
  ) {
    super(handle, parent, { uri: identity.uri, object: identity.object, kind: 'stream of events' })
    this.#register = identity.register
    this.#decode = decode
    this.#resumption = resumption
    this.#listen()
  }

  #listen(): void {
    const { handle } = this
    void this.listen((told: NativeEvent) => this.#hear(told)).then(() => {
      if (this.handle === handle) this.#events.end()
    })
  }

  /** @internal With `resumes`, the connection itself, it goes on over the next ones. */
  static open<E, A extends unknown[]>(
    of: EventsOf<E, A>,
    options: CallOptions | undefined,
    resumes?: ReconnectingConnection,
  ): Promise<Events<E>> {
    const { connection, parent, kind, register, args, decode } = of
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    const identity = { uri: connection.givenUri, object: kind, register: register.name }
    const resumption = resumes && {
      connection: resumes,
      register: () => connection.callWith(register, { abandoned: closeAbandoned }, ...args()),
    }
    // The object whose events they are stays open meanwhile.
    return parent.lend(register.name, async () => {
      const generation = resumes?.generation
      const handle = await connection.callWith(register, task, ...args())
      const events = new Events(handle, parent, identity, decode, resumption)
      if (generation !== undefined && !resumes?.follow(events, generation)) {
        void events.close().catch(() => {})
        throw events.#error(constants.errno.ECONNRESET, 'the connection has ended')
      }
      return events
    })
  }

  /** @internal */
  async rejoin(): Promise<void> {
    const handle = await this.#resumption?.register()
    if (this.#next !== undefined) closeAbandoned(this.#next, this)
    this.#next = handle
    if (!this.open) this.#leaveNext()
  }

  /** @internal */
  resume(reconnected: Reconnected): void {
    if (this.#next === undefined || !this.open) return
    this.replaceHandle(this.#next)
    this.#next = undefined
    this.#tell({ reconnected })
    this.#listen()
  }

  /** @internal */
  fail(error: Error): void {
    this.#events.fail(error)
  }

  #leaveNext(): void {
    if (this.#next !== undefined) closeAbandoned(this.#next, this)
    this.#next = undefined
  }

  /** @internal */
  protected override ending(): void {
    this.#resumption?.connection.unfollow(this)
    this.#leaveNext()
  }

  #hear(told: NativeEvent): void {
    const isEnd = told.closeReason !== undefined && !ofTheEnd.has(this.#register)
    if (isEnd && this.#resumption) return // it goes on, or is told that it does not
    if (isEnd) {
      const reason = nameOf(closeReasons, told.closeReason as number)
      this.fail(this.#error(constants.errno.ECONNRESET, `the connection has ended: ${reason}`))
    } else this.#tell(this.#decode(told))
  }

  #tell(told: E | Resumed): void {
    if (this.#events.length < maxWaiting) this.#events.push(told)
    else this.fail(this.#error(constants.errno.ENOBUFS, 'events were lost, for they were read too slowly'))
  }

  #error(errno: number, text: string): Error {
    return systemError(-errno, this.context(this.#register), text)
  }

  /** The next event, when there is one; the end once the stream is closed. */
  next(): Promise<IteratorResult<E, undefined>> {
    return this.#events.next() as Promise<IteratorResult<E, undefined>> // `E` has `Resumed` where it resumes
  }

  /** Closes the stream: what `break` does in a loop. */
  async return(): Promise<IteratorResult<E, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Ends the events; whoever waits for the next one hears of the end.
   *
   * Implements: virConnectDomainEventDeregisterAny, virConnectNetworkEventDeregisterAny,
   * virConnectStoragePoolEventDeregisterAny, virConnectSecretEventDeregisterAny,
   * virConnectNodeDeviceEventDeregisterAny, virConnectUnregisterCloseCallback, virAdmConnectUnregisterCloseCallback,
   * virConnectDomainQemuMonitorEventDeregister.
   */
  override close(options?: CallOptions): Promise<void> {
    const closed = super.close(options)
    if (!this.open) this.#events.end()
    return closed
  }
}
