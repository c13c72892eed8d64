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
import { LibvirtObject } from './object.js'

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
  parent: Resource
  kind: string
  register: Task<[connection: number, ...A], number>
  args: A
  decode: (told: NativeEvent) => E
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
 * `ECONNRESET`.
 *
 * @since 0.1.0
 */
export class Events<E> extends LibvirtObject implements AsyncIterableIterator<E> {
  readonly #events = new EventQueue<E>(() => this.close())
  readonly #register: string
  readonly #decode: (told: NativeEvent) => E

  private constructor(
    handle: number,
    parent: Resource,
    identity: { uri: string | undefined; object: string; register: string },
    decode: (told: NativeEvent) => E,
  ) {
    super(handle, parent, { uri: identity.uri, object: identity.object, kind: 'stream of events' })
    this.#register = identity.register
    this.#decode = decode
    void this.listen((told: NativeEvent) => this.#hear(told)).then(() => this.#events.end())
  }

  /** @internal */
  static open<E, A extends unknown[]>(
    of: EventsOf<E, A>,
    options: CallOptions | undefined,
  ): Promise<Events<E>> {
    const { connection, parent, kind, register, args, decode } = of
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    const identity = { uri: connection.givenUri, object: kind, register: register.name }
    // The object whose events they are stays open meanwhile.
    return parent.lend(register.name, async () => {
      const handle = await connection.callWith(register, task, ...args)
      return new Events(handle, parent, identity, decode)
    })
  }

  #hear(told: NativeEvent): void {
    if (told.closeReason !== undefined && !ofTheEnd.has(this.#register)) {
      const reason = nameOf(closeReasons, told.closeReason)
      this.#fail(constants.errno.ECONNRESET, `the connection has ended: ${reason}`)
    } else if (this.#events.length < maxWaiting) {
      this.#events.push(this.#decode(told))
    } else {
      this.#fail(constants.errno.ENOBUFS, 'events were lost, for they were read too slowly')
    }
  }

  #fail(errno: number, text: string): void {
    this.#events.fail(systemError(-errno, this.context(this.#register), text))
  }

  /** The next event, when there is one; the end once the stream is closed. */
  next(): Promise<IteratorResult<E, undefined>> {
    return this.#events.next()
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
