import type { CallOptions } from '../internal/call-options.js'
import type { DomainEventMap, DomainEvents } from './domain-events.js'
import {
  type EventMaps,
  type EventsOptions,
  openEvents,
  openMonitorEvents,
  type QemuMonitorEvent,
  type QemuMonitorEventsOptions,
} from './event-kinds.js'
import type { Events } from './events.js'
import { ReconnectingConnection } from './reconnecting.js'
import type { Resumed } from './reconnection.js'

/**
 * What a connection tells of by itself.
 *
 * @since 0.1.0
 */
export abstract class ConnectionEvents extends ReconnectingConnection {
  /**
   * Events of one kind, of all domains, networks and so on: those that come once this has resolved, none is missed. Any
   * number of subscriptions may be open. `events(kind)` of a domain, a network and so on has its own alone.
   *
   * With `resume` they go on over a connection that was opened again, after `{ reconnected }`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events; `ENOSYS` libvirt is older than they are.
   *
   * Implements: virConnectDomainEventRegisterAny, virConnectNetworkEventRegisterAny,
   * virConnectStoragePoolEventRegisterAny, virConnectSecretEventRegisterAny, virConnectNodeDeviceEventRegisterAny,
   * virConnectRegisterCloseCallback.
   * @since 0.1.0
   */
  events<S extends keyof EventMaps, K extends keyof EventMaps[S]>(
    of: S,
    kind: K,
    options: EventsOptions & { resume: true },
  ): Promise<Events<EventMaps[S][K] | Resumed>>
  events<S extends keyof EventMaps, K extends keyof EventMaps[S]>(
    of: S,
    kind: K,
    options?: CallOptions,
  ): Promise<Events<EventMaps[S][K]>>
  events<S extends keyof EventMaps, K extends keyof EventMaps[S]>(
    of: S,
    kind: K,
    options?: EventsOptions,
  ): Promise<Events<EventMaps[S][K]>> {
    return openEvents(this, of, kind, options)
  }

  /**
   * `events('domain', kind)`.
   *
   * Errors: as `events()`.
   *
   * Implements: virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  domainEvents<K extends keyof DomainEventMap>(kind: K, options?: CallOptions): Promise<DomainEvents<K>> {
    return openEvents(this, 'domain', kind, options)
  }

  /**
   * Events of the monitors of all of QEMU's domains, as QEMU tells them. Meant for looking at what libvirt has no event
   * for.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` not QEMU's; `VIR_ERR_INVALID_ARG` `regex` and `event` is none; `ENOSYS` libvirt-qemu is
   * not installed.
   *
   * Implements: virConnectDomainQemuMonitorEventRegister.
   * @since 0.1.0
   */
  qemuMonitorEvents(options?: QemuMonitorEventsOptions): Promise<Events<QemuMonitorEvent>> {
    return openMonitorEvents(this, options)
  }
}
