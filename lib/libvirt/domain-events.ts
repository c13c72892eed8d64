import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { domainEventDetails, domainEventTypes } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import { closeAbandoned } from '../internal/resource.js'
import { toOneOf } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { systemError } from './errors.js'
import { LibvirtObject } from './object.js'

/**
 * Whose event it is.
 *
 * @since 0.1.0
 */
export interface DomainEvent {
  domain: { name: string; uuid: string }
}

/**
 * A domain was defined, started, suspended, stopped and so on.
 *
 * @since 0.1.0
 */
export interface LifecycleEvent extends DomainEvent {
  event: (typeof domainEventTypes)[keyof typeof domainEventTypes] | 'unknown'
  /** Why, in lower case: `'booted'`, `'destroyed'`, `'migrated'`, `'from-snapshot'`. */
  detail: string
}

/**
 * What is told of a domain's device: its alias, as in the domain's XML.
 *
 * @since 0.1.0
 */
export interface DeviceEvent extends DomainEvent {
  alias: string
}

/**
 * The kinds of events of domains, by virsh's names for them.
 *
 * @since 0.1.0
 */
export interface DomainEventMap {
  lifecycle: LifecycleEvent
  /** The guest restarted itself. */
  reboot: DomainEvent
  /** The guest set its clock: seconds from UTC. */
  'rtc-change': DomainEvent & { utcOffset: number }
  /** The guest's memory now, in KiB. */
  'balloon-change': DomainEvent & { actual: number }
  'device-added': DeviceEvent
  'device-removed': DeviceEvent
  /** The guest refused. */
  'device-removal-failed': DeviceEvent
  /** More of a disk's file was written than a threshold that was set; `excess` is by how many bytes. */
  'block-threshold': DomainEvent & { disk: string; path?: string; threshold: number; excess: number }
}

const kinds = [
  'lifecycle',
  'reboot',
  'rtc-change',
  'balloon-change',
  'device-added',
  'device-removed',
  'device-removal-failed',
  'block-threshold',
] as const satisfies readonly (keyof DomainEventMap)[]

/** As many events wait for their reader; more are lost, and the reader is told. */
const maxWaiting = 10_000

interface NativeLifecycle {
  event: number
  detail: number
}

function toEvent<K extends keyof DomainEventMap>(kind: K, told: DomainEvent): DomainEventMap[K] {
  if (kind !== 'lifecycle') return told as DomainEventMap[K]
  const { event, detail } = told as DomainEvent & NativeLifecycle
  const name = nameOf(domainEventTypes, event)
  const details = name === 'unknown' ? {} : domainEventDetails[name]
  return { domain: told.domain, event: name, detail: nameOf(details, detail) } as DomainEventMap[K]
}

/**
 * Events of one kind of all domains of a connection, from `connection.domainEvents()` on:
 *
 * ```js
 * const events = await connection.domainEvents('lifecycle')
 * for await (const { domain, event } of events) console.log(domain.name, event)
 * ```
 *
 * While it is open it keeps the process alive. Leaving the loop closes it. One loop reads it. Should the loop fall
 * 10 000 events behind, it throws `ENOBUFS` after what it has missed nothing of.
 *
 * @since 0.1.0
 */
export class DomainEvents<K extends keyof DomainEventMap>
  extends LibvirtObject
  implements AsyncIterableIterator<DomainEventMap[K]>
{
  readonly #waiting: DomainEventMap[K][] = []
  /** Who waits for the next event, first come first served. */
  readonly #readers: (() => void)[] = []
  #lost = false

  private constructor(connection: Connection, handle: number, kind: K) {
    super(handle, connection, { uri: connection.givenUri, object: kind, kind: 'stream of events' })
    // Its slot stays until native code has closed the subscription; it is no operation that close() waits for.
    const owner: Owner = {
      inFlight: 0,
      idle: () => {},
      makeError: (result, syscall) => this.makeError(result, syscall, undefined),
    }
    const onProgress = (told: DomainEvent): void => this.#deliver(toEvent(kind, told))
    void startTask(owner, native.listen, [handle], { onProgress, background: this.left }).then(() =>
      this.#end(),
    )
  }

  /** @internal */
  static async open<K extends keyof DomainEventMap>(
    connection: Connection,
    kind: K,
    options: CallOptions | undefined,
  ): Promise<DomainEvents<K>> {
    const checked = toOneOf('kind', kind, kinds)
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    const handle = await connection.callWith(native.virConnectDomainEventRegisterAny, task, checked)
    return new DomainEvents(connection, handle, kind)
  }

  #deliver(event: DomainEventMap[K]): void {
    if (!this.open || this.#lost) return
    if (this.#waiting.length < maxWaiting) this.#waiting.push(event)
    else this.#lost = true
    this.#readers.shift()?.()
  }

  /** Whoever waits hears that nothing comes any more; also when the connection was closed. */
  #end(): void {
    for (const wake of this.#readers.splice(0)) wake()
  }

  /** The next event, when there is one; the end once the stream is closed. */
  async next(): Promise<IteratorResult<DomainEventMap[K], undefined>> {
    for (;;) {
      const value = this.#waiting.shift()
      if (value !== undefined) return { done: false, value }
      if (this.#lost) {
        await this.close()
        this.#lost = false
        const context = this.context('virConnectDomainEventRegisterAny')
        throw systemError(
          -constants.errno.ENOBUFS,
          context,
          'events were lost, for they were read too slowly',
        )
      }
      if (!this.open) return { done: true, value: undefined }
      await new Promise<void>((resolve) => this.#readers.push(resolve))
    }
  }

  /** Closes the stream: what `break` does in a loop. */
  async return(): Promise<IteratorResult<DomainEventMap[K], undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Ends the events; whoever waits for the next one hears of the end.
   *
   * Implements: virConnectDomainEventDeregisterAny.
   */
  override close(options?: CallOptions): Promise<void> {
    this.#waiting.length = 0
    const closed = super.close(options)
    this.#end()
    return closed
  }
}
