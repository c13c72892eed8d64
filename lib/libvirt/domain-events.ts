import {
  agentReasons,
  agentStates,
  blockJobStatuses,
  blockJobTypes,
  diskChangeReasons,
  domainEventDetails,
  domainEventTypes,
  graphicsAddressTypes,
  graphicsPhases,
  ioErrorActions,
  memoryFailureActions,
  memoryFailureRecipients,
  metadataTypes,
  trayChangeReasons,
  VIR_DOMAIN_EVENT_ID,
  VIR_DOMAIN_MEMORY_FAILURE,
  watchdogActions,
} from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeEvent } from '../internal/native/libvirt-events.js'
import type { NativeParameters } from '../internal/native/libvirt-objects.js'
import type { Events } from './events.js'

/** A name that libvirt's header has; `'unknown'` of a newer libvirt's value. */
export type NameOf<T> = T[keyof T] | 'unknown'

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
  event: NameOf<typeof domainEventTypes>
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
 * A disk could not be read or written. `path`: its source, of a file; `reason`: `'enospc'`, else often `''`.
 *
 * @since 0.1.0
 */
export interface IoErrorEvent extends DeviceEvent {
  path: string
  action: NameOf<typeof ioErrorActions>
}

/**
 * How a job that copies a disk goes.
 *
 * @since 0.1.0
 */
export interface BlockJobEvent extends DomainEvent {
  /** The target of `block-job-2`, such as `'vda'`; the source's path of `block-job`. */
  disk: string
  type: NameOf<typeof blockJobTypes>
  status: NameOf<typeof blockJobStatuses>
}

/**
 * One end of a connection to a screen.
 *
 * @since 0.1.0
 */
export interface GraphicsAddress {
  family: NameOf<typeof graphicsAddressTypes>
  /** An IP address, or the path of a socket. */
  node: string | undefined
  /** The port. */
  service: string | undefined
}

/**
 * Somebody has begun or ended to look at a screen.
 *
 * @since 0.1.0
 */
export interface GraphicsEvent extends DomainEvent {
  phase: NameOf<typeof graphicsPhases>
  local: GraphicsAddress | undefined
  remote: GraphicsAddress | undefined
  authScheme: string | undefined
  /** As whom: `{ type: 'x509dname', name: ... }`. */
  identities: { type: string; name: string }[]
}

/**
 * Typed parameters by libvirt's own names.
 *
 * @since 0.1.0
 */
export interface ParametersEvent extends DomainEvent {
  parameters: Record<string, string | number | boolean | undefined>
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
  /** The guest's watchdog ran out, and what was done. */
  watchdog: DomainEvent & { action: NameOf<typeof watchdogActions> }
  'io-error': IoErrorEvent
  graphics: GraphicsEvent
  'io-error-reason': IoErrorEvent & { reason: string }
  /** The connection to the hypervisor's own monitor is broken. */
  'control-error': DomainEvent
  /** {@link BlockJobEvent} by the source's path. */
  'block-job': BlockJobEvent
  /** A disk's source was missing at the start, and was changed or left out. */
  'disk-change': DeviceEvent & {
    oldPath: string | undefined
    newPath: string | undefined
    reason: NameOf<typeof diskChangeReasons>
  }
  /** The tray of a CD or floppy drive. */
  'tray-change': DeviceEvent & { reason: NameOf<typeof trayChangeReasons> }
  /** The guest woke up. */
  'pm-wakeup': DomainEvent
  /** The guest went to sleep, its memory kept. */
  'pm-suspend': DomainEvent
  /** The guest's memory now, in KiB. */
  'balloon-change': DomainEvent & { actual: number }
  /** The guest went to sleep, its memory on disk. */
  'pm-suspend-disk': DomainEvent
  'device-removed': DeviceEvent
  'block-job-2': BlockJobEvent
  /** What it may use of the host was changed. */
  tunable: ParametersEvent
  /** The agent in the guest. */
  'agent-lifecycle': DomainEvent & {
    state: NameOf<typeof agentStates>
    reason: NameOf<typeof agentReasons>
  }
  'device-added': DeviceEvent
  /** The memory of a migrating guest is sent once more. */
  'migration-iteration': DomainEvent & { iteration: number }
  /** A migration, save or dump has ended: its statistics. */
  'job-completed': ParametersEvent
  /** The guest refused. */
  'device-removal-failed': DeviceEvent
  /** `uri`: of an element's namespace. */
  'metadata-change': DomainEvent & { type: NameOf<typeof metadataTypes>; uri: string | undefined }
  /** More of a disk's file was written than a threshold that was set; `excess` is by how many bytes. */
  'block-threshold': DomainEvent & { disk: string; path?: string; threshold: number; excess: number }
  /** The host's memory has an error, where the guest uses it. */
  'memory-failure': DomainEvent & {
    recipient: NameOf<typeof memoryFailureRecipients>
    action: NameOf<typeof memoryFailureActions>
    actionRequired: boolean
    recursive: boolean
  }
  /** The guest has taken or given back memory of a virtio-mem device: its size now, in KiB. */
  'memory-device-size-change': DeviceEvent & { size: number }
  /** The guest changed the address of an interface. libvirt 11.2.0. */
  'nic-mac-change': DeviceEvent & { oldMac: string; newMac: string }
}

/**
 * A stream of events of domains.
 *
 * @since 0.1.0
 */
export type DomainEvents<K extends keyof DomainEventMap> = Events<DomainEventMap[K]>

/** How what native code tells becomes an event. */
export interface EventKind<E> {
  id: number
  decode: (told: NativeEvent) => E
}
/** The kinds of one sort of object. */
export type EventKinds<M> = { readonly [K in keyof M]: EventKind<M[K]> }

/** Numbers of enums by their names. */
type Names = Record<string, Readonly<Record<number, string>>>

/** An event whose fields are as native code tells them, but for those that are numbers of enums. `whose`: as in `domain`. */
export function eventOf<E>(whose: string, id: number, enums: Names = {}): EventKind<E> {
  const decode = ({ object, ...fields }: NativeEvent): E => {
    const named = Object.entries(enums).map(([field, names]) => [
      field,
      nameOf(names, fields[field] as number),
    ])
    return { [whose]: object, ...fields, ...Object.fromEntries(named) } as E
  }
  return { id, decode }
}

const of = <E>(id: number, enums?: Names): EventKind<E> => eventOf('domain', id, enums)

/** The same, changed by `change`, which is given the fields as native code tells them. */
function changed<E>(id: number, enums: Names, change: (told: NativeEvent) => object): EventKind<E> {
  const { decode } = of<object>(id, enums)
  return { id, decode: (told) => ({ ...decode(told), ...change(told) }) as E }
}

function lifecycle({ object, event, detail }: NativeEvent): LifecycleEvent {
  const name = nameOf(domainEventTypes, event as number)
  const details = name === 'unknown' ? {} : domainEventDetails[name]
  return {
    domain: object as DomainEvent['domain'],
    event: name,
    detail: nameOf(details, detail as number),
  }
}

const toParameters = ({ parameters }: NativeEvent): object => ({
  parameters: Object.fromEntries(parameters as NativeParameters),
})

/** Their reason is always 0. */
function plain({ object }: NativeEvent): DomainEvent {
  return { domain: object as DomainEvent['domain'] }
}

type NativeAddress = { family: number; node?: string; service?: string }
const toAddress = (told: unknown): GraphicsAddress | undefined => {
  if (told === undefined) return undefined
  const { family, node, service } = told as NativeAddress
  return { family: nameOf(graphicsAddressTypes, family), node, service }
}

function memoryFailure({ object, recipient, action, flags }: NativeEvent): DomainEventMap['memory-failure'] {
  return {
    domain: object as DomainEvent['domain'],
    recipient: nameOf(memoryFailureRecipients, recipient as number),
    action: nameOf(memoryFailureActions, action as number),
    actionRequired: ((flags as number) & VIR_DOMAIN_MEMORY_FAILURE.ACTION_REQUIRED) !== 0,
    recursive: ((flags as number) & VIR_DOMAIN_MEMORY_FAILURE.RECURSIVE) !== 0,
  }
}

const ID = VIR_DOMAIN_EVENT_ID
const blockJob = { type: blockJobTypes, status: blockJobStatuses }

export const domainEventKinds: EventKinds<DomainEventMap> = {
  lifecycle: { id: ID.LIFECYCLE, decode: lifecycle },
  reboot: of(ID.REBOOT),
  'rtc-change': of(ID.RTC_CHANGE),
  watchdog: of(ID.WATCHDOG, { action: watchdogActions }),
  'io-error': of(ID.IO_ERROR, { action: ioErrorActions }),
  graphics: changed(ID.GRAPHICS, { phase: graphicsPhases }, ({ local, remote }) => ({
    local: toAddress(local),
    remote: toAddress(remote),
  })),
  'io-error-reason': of(ID.IO_ERROR_REASON, { action: ioErrorActions }),
  'control-error': of(ID.CONTROL_ERROR),
  'block-job': of(ID.BLOCK_JOB, blockJob),
  'disk-change': of(ID.DISK_CHANGE, { reason: diskChangeReasons }),
  'tray-change': of(ID.TRAY_CHANGE, { reason: trayChangeReasons }),
  'pm-wakeup': { id: ID.PMWAKEUP, decode: plain },
  'pm-suspend': { id: ID.PMSUSPEND, decode: plain },
  'balloon-change': of(ID.BALLOON_CHANGE),
  'pm-suspend-disk': { id: ID.PMSUSPEND_DISK, decode: plain },
  'device-removed': of(ID.DEVICE_REMOVED),
  'block-job-2': of(ID.BLOCK_JOB_2, blockJob),
  tunable: changed(ID.TUNABLE, {}, toParameters),
  'agent-lifecycle': of(ID.AGENT_LIFECYCLE, { state: agentStates, reason: agentReasons }),
  'device-added': of(ID.DEVICE_ADDED),
  'migration-iteration': of(ID.MIGRATION_ITERATION),
  'job-completed': changed(ID.JOB_COMPLETED, {}, toParameters),
  'device-removal-failed': of(ID.DEVICE_REMOVAL_FAILED),
  'metadata-change': of(ID.METADATA_CHANGE, { type: metadataTypes }),
  'block-threshold': of(ID.BLOCK_THRESHOLD),
  'memory-failure': { id: ID.MEMORY_FAILURE, decode: memoryFailure },
  'memory-device-size-change': of(ID.MEMORY_DEVICE_SIZE_CHANGE),
  'nic-mac-change': of(ID.NIC_MAC_CHANGE),
}
