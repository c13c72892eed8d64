import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import {
  closeReasons,
  metadataTypes,
  networkEventTypes,
  nodeDeviceEventTypes,
  secretEventTypes,
  secretUsageTypes,
  storagePoolEventTypes,
  VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER,
  VIR_NETWORK_EVENT_ID,
  VIR_NODE_DEVICE_EVENT_ID,
  VIR_SECRET_EVENT_ID,
  VIR_STORAGE_POOL_EVENT_ID,
} from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { EventsOfObject, NativeEvent, RegisterAny } from '../internal/native/libvirt-events.js'
import { invalidArgValue, type Known, toBoolean, toOneOf, toOptions, toText } from '../internal/validate.js'
import type { ConnectionEvents } from './connection-events.js'
import {
  type DomainEvent,
  type DomainEventMap,
  domainEventKinds,
  type EventKind,
  type EventKinds,
  eventOf,
  type NameOf,
} from './domain-events.js'
import { type CloseReason, Events } from './events.js'
import { flagsOf } from './flags.js'
import type { LibvirtObject } from './object.js'
import type { SecretUsageType } from './secret.js'

/**
 * Whose event it is.
 *
 * @since 0.1.0
 */
export interface NetworkEvent {
  network: { name: string; uuid: string }
}

/**
 * The kinds of events of networks.
 *
 * @since 0.1.0
 */
export interface NetworkEventMap {
  lifecycle: NetworkEvent & { event: NameOf<typeof networkEventTypes> }
  /** `uri`: of an element's namespace. libvirt 9.8.0. */
  'metadata-change': NetworkEvent & { type: NameOf<typeof metadataTypes>; uri: string | undefined }
}

/**
 * Whose event it is.
 *
 * @since 0.1.0
 */
export interface StoragePoolEvent {
  pool: { name: string; uuid: string }
}

/**
 * The kinds of events of storage pools.
 *
 * @since 0.1.0
 */
export interface StoragePoolEventMap {
  lifecycle: StoragePoolEvent & { event: NameOf<typeof storagePoolEventTypes> }
  /** Its volumes and sizes were read again, as after one was made. */
  refresh: StoragePoolEvent
}

/**
 * Whose event it is.
 *
 * @since 0.1.0
 */
export interface SecretEvent {
  secret: { uuid: string; usageType: SecretUsageType | 'unknown'; usageId: string }
}

/**
 * The kinds of events of secrets.
 *
 * @since 0.1.0
 */
export interface SecretEventMap {
  lifecycle: SecretEvent & { event: NameOf<typeof secretEventTypes> }
  'value-changed': SecretEvent
}

/**
 * Whose event it is.
 *
 * @since 0.1.0
 */
export interface NodeDeviceEvent {
  device: { name: string }
}

/**
 * The kinds of events of the host's devices.
 *
 * @since 0.1.0
 */
export interface NodeDeviceEventMap {
  lifecycle: NodeDeviceEvent & { event: NameOf<typeof nodeDeviceEventTypes> }
  /** Its document has changed. */
  update: NodeDeviceEvent
}

/**
 * The kinds of events of a connection: one event, when it has ended.
 *
 * @since 0.1.0
 */
export interface ConnectionEventMap {
  close: { reason: CloseReason }
}

/**
 * What a connection has events of, and their kinds by virsh's names for them.
 *
 * @since 0.1.0
 */
export interface EventMaps {
  domain: DomainEventMap
  network: NetworkEventMap
  'storage-pool': StoragePoolEventMap
  secret: SecretEventMap
  'node-device': NodeDeviceEventMap
  connection: ConnectionEventMap
}

/**
 * How events are listened to.
 *
 * @since 0.1.0
 */
export interface EventsOptions extends CallOptions {
  /**
   * Go on when the connection has been opened again, and tell so: `{ reconnected }` comes between the events of before and
   * those of after. For connections opened with `reconnect`. Default `false`: the stream ends with `ECONNRESET`.
   */
  resume?: boolean | undefined
}

/**
 * An event of a QEMU's monitor, as QEMU tells it.
 *
 * @since 0.1.0
 */
export interface QemuMonitorEvent extends DomainEvent {
  /** QEMU's name: `'SHUTDOWN'`. */
  event: string
  /** By QEMU's clock. */
  time: Date
  /** What QEMU says of it; `undefined` where it says nothing. */
  data: unknown
}

/**
 * Which events of monitors are told.
 *
 * @since 0.1.0
 */
export interface QemuMonitorEventsOptions extends CallOptions {
  /** QEMU's name of the event; without it all. */
  event?: string
  /** `event` is a regular expression. */
  regex?: boolean
  /** `event` is of upper or lower case. */
  ignoreCase?: boolean
}

type NativeSecretFacts = { uuid: string; usageType: number; usageId: string }

/** A secret's usage is a number natively. */
function ofSecret<E>(id: number, enums?: Record<string, Record<number, string>>): EventKind<E> {
  const { decode } = eventOf<E>('secret', id, enums)
  return {
    id,
    decode: (told) => {
      const { usageType, ...rest } = told.object as NativeSecretFacts
      return decode({ ...told, object: { ...rest, usageType: nameOf(secretUsageTypes, usageType) } })
    },
  }
}

/** Their detail is always 0. */
function lifecycleOf<E>(kind: EventKind<E>): EventKind<E> {
  return { id: kind.id, decode: ({ detail: _, ...told }: NativeEvent) => kind.decode(told as NativeEvent) }
}

const networkEventKinds: EventKinds<NetworkEventMap> = {
  lifecycle: lifecycleOf(eventOf('network', VIR_NETWORK_EVENT_ID.LIFECYCLE, { event: networkEventTypes })),
  'metadata-change': eventOf('network', VIR_NETWORK_EVENT_ID.METADATA_CHANGE, { type: metadataTypes }),
}
const storagePoolEventKinds: EventKinds<StoragePoolEventMap> = {
  lifecycle: lifecycleOf(
    eventOf('pool', VIR_STORAGE_POOL_EVENT_ID.LIFECYCLE, { event: storagePoolEventTypes }),
  ),
  refresh: eventOf('pool', VIR_STORAGE_POOL_EVENT_ID.REFRESH),
}
const secretEventKinds: EventKinds<SecretEventMap> = {
  lifecycle: lifecycleOf(ofSecret(VIR_SECRET_EVENT_ID.LIFECYCLE, { event: secretEventTypes })),
  'value-changed': ofSecret(VIR_SECRET_EVENT_ID.VALUE_CHANGED),
}
const nodeDeviceEventKinds: EventKinds<NodeDeviceEventMap> = {
  lifecycle: lifecycleOf(
    eventOf('device', VIR_NODE_DEVICE_EVENT_ID.LIFECYCLE, { event: nodeDeviceEventTypes }),
  ),
  update: eventOf('device', VIR_NODE_DEVICE_EVENT_ID.UPDATE),
}
const connectionEventKinds: EventKinds<ConnectionEventMap> = {
  close: { id: 0, decode: ({ closeReason }) => ({ reason: nameOf(closeReasons, closeReason as number) }) },
}

const sorts = {
  domain: { kinds: domainEventKinds, register: native.virConnectDomainEventRegisterAny },
  network: { kinds: networkEventKinds, register: native.virConnectNetworkEventRegisterAny },
  'storage-pool': { kinds: storagePoolEventKinds, register: native.virConnectStoragePoolEventRegisterAny },
  secret: { kinds: secretEventKinds, register: native.virConnectSecretEventRegisterAny },
  'node-device': { kinds: nodeDeviceEventKinds, register: native.virConnectNodeDeviceEventRegisterAny },
  connection: { kinds: connectionEventKinds, register: native.virConnectRegisterCloseCallback },
} as const

const sortNames = Object.keys(sorts) as (keyof EventMaps)[]

/** The events of `sort`'s objects; with `object` only its own, and they end with its handle. */
export async function openEvents<S extends keyof EventMaps, K extends keyof EventMaps[S]>(
  connection: ConnectionEvents,
  sort: S,
  kind: K,
  options: EventsOptions | undefined,
  object?: LibvirtObject,
): Promise<Events<EventMaps[S][K]>> {
  const { resume, signal } = toOptions('options', options, eventsOptions)
  const resumes = toBoolean('options.resume', resume, false) ? connection : undefined
  if (resumes !== undefined && connection.origin === undefined)
    throw invalidArgValue('options.resume', "needs a connection opened with 'reconnect'")
  const { kinds, register } = sorts[toOneOf('of', sort, sortNames)]
  const name = toOneOf('kind', kind as string, Object.keys(kinds))
  const { id, decode } = (kinds as unknown as Record<string, EventKind<EventMaps[S][K]>>)[name] as EventKind<
    EventMaps[S][K]
  >
  const common = { connection, parent: object ?? connection, kind: name, decode }
  if (sort === 'connection') {
    const args = (): [] => []
    const end = { ...common, register: native.virConnectRegisterCloseCallback, args }
    return Events.open(end, { signal }, resumes)
  }
  const args = (): [object: EventsOfObject, id: number] => [object === undefined ? [] : [object.handle], id]
  return Events.open({ ...common, register: register as RegisterAny, args }, { signal }, resumes)
}

const eventsOptions: Known<EventsOptions> = { resume: true, signal: true }

const monitorOptions: Known<QemuMonitorEventsOptions> = {
  event: true,
  regex: true,
  ignoreCase: true,
  signal: true,
}

function monitorEvent({ object, event, seconds, micros, details }: NativeEvent): QemuMonitorEvent {
  return {
    domain: object as DomainEvent['domain'],
    event: event as string,
    time: new Date((seconds as number) * 1000 + (micros as number) / 1000),
    data: details === undefined ? undefined : JSON.parse(details as string),
  }
}

/** The events of all monitors, or of one domain's. */
export async function openMonitorEvents(
  connection: ConnectionEvents,
  options: QemuMonitorEventsOptions | undefined,
  domain?: LibvirtObject,
): Promise<Events<QemuMonitorEvent>> {
  const { event, signal, ...given } = toOptions('options', options, monitorOptions)
  const flags = flagsOf(given, {
    regex: VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER.REGEX,
    ignoreCase: VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER.NOCASE,
  })
  const name = event === undefined ? undefined : toText('options.event', event)
  const common = { connection, parent: domain ?? connection, kind: 'qemu-monitor', decode: monitorEvent }
  const args = (): [domain: EventsOfObject, event: string | undefined, flags: number] => [
    domain === undefined ? [] : [domain.handle],
    name,
    flags,
  ]
  return Events.open(
    { ...common, register: native.virConnectDomainQemuMonitorEventRegister, args },
    { signal },
  )
}
