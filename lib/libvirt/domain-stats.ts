// What one may ask of domains' statistics, and what the answer looks like.
import {
  domainStateReasons,
  domainStates,
  VIR_CONNECT_GET_ALL_DOMAINS_STATS,
  VIR_DOMAIN_STATS,
  type vcpuStates,
} from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import { invalidArgType, toOneOf } from '../internal/validate.js'
import type { DomainState, DomainStatus } from './domain-options.js'
import type { Bits } from './flags.js'
import type { Told } from './told.js'

const groupBits = {
  state: VIR_DOMAIN_STATS.STATE,
  cpu: VIR_DOMAIN_STATS.CPU_TOTAL,
  balloon: VIR_DOMAIN_STATS.BALLOON,
  vcpu: VIR_DOMAIN_STATS.VCPU,
  interface: VIR_DOMAIN_STATS.INTERFACE,
  block: VIR_DOMAIN_STATS.BLOCK,
  perf: VIR_DOMAIN_STATS.PERF,
  iothread: VIR_DOMAIN_STATS.IOTHREAD,
  memory: VIR_DOMAIN_STATS.MEMORY,
  dirtyrate: VIR_DOMAIN_STATS.DIRTYRATE,
  vm: VIR_DOMAIN_STATS.VM,
} as const

/**
 * What to ask for: libvirt's virDomainStatsTypes.
 *
 * @since 0.1.0
 */
export type DomainStatsGroup = keyof typeof groupBits

/**
 * Of which domains, and how. Of two that exclude each other, neither: all.
 *
 * @since 0.1.0
 */
export interface DomainStatsOptions {
  active?: boolean
  inactive?: boolean
  persistent?: boolean
  transient?: boolean
  running?: boolean
  paused?: boolean
  shutoff?: boolean
  other?: boolean
  /** The layers below a disk's own, too. */
  backing?: boolean
  /** Leaves out what would wait for a domain that is busy. */
  nowait?: boolean
  /** Rejects when the hypervisor does not know one of the groups; without it, that is left out. */
  enforceStats?: boolean
}

export const statsBits: Bits<DomainStatsOptions> = {
  active: VIR_CONNECT_GET_ALL_DOMAINS_STATS.ACTIVE,
  inactive: VIR_CONNECT_GET_ALL_DOMAINS_STATS.INACTIVE,
  persistent: VIR_CONNECT_GET_ALL_DOMAINS_STATS.PERSISTENT,
  transient: VIR_CONNECT_GET_ALL_DOMAINS_STATS.TRANSIENT,
  running: VIR_CONNECT_GET_ALL_DOMAINS_STATS.RUNNING,
  paused: VIR_CONNECT_GET_ALL_DOMAINS_STATS.PAUSED,
  shutoff: VIR_CONNECT_GET_ALL_DOMAINS_STATS.SHUTOFF,
  other: VIR_CONNECT_GET_ALL_DOMAINS_STATS.OTHER,
  backing: VIR_CONNECT_GET_ALL_DOMAINS_STATS.BACKING,
  nowait: VIR_CONNECT_GET_ALL_DOMAINS_STATS.NOWAIT,
  enforceStats: VIR_CONNECT_GET_ALL_DOMAINS_STATS.ENFORCE_STATS,
}

/** 0 is all. */
export function toGroups(groups: readonly DomainStatsGroup[] | undefined): number {
  if (groups === undefined) return 0
  if (!Array.isArray(groups)) throw invalidArgType('groups', 'an array', groups)
  const known = Object.keys(groupBits) as DomainStatsGroup[]
  return groups.reduce((mask, group) => mask | groupBits[toOneOf('groups', group, known)], 0)
}

/**
 * A virtual CPU, with the hypervisor's own counters beside.
 *
 * @since 0.1.0
 */
export interface VcpuStats {
  number: number
  state?: (typeof vcpuStates)[keyof typeof vcpuStates] | 'unknown'
  /** Nanoseconds that it ran. */
  time?: number
  /** Nanoseconds that it waited for I/O. */
  wait?: number
  /** Nanoseconds that it waited for a CPU. */
  delay?: number
  [counter: string]: string | number | boolean | undefined
}

/**
 * A network interface.
 *
 * @since 0.1.0
 */
export interface DomainInterfaceStats {
  name?: string
  rxBytes?: number
  rxPkts?: number
  rxErrs?: number
  rxDrop?: number
  txBytes?: number
  txPkts?: number
  txErrs?: number
  txDrop?: number
}

/**
 * A disk, or with `backing` a layer of one. Times in nanoseconds.
 *
 * @since 0.1.0
 */
export interface DomainBlockStats {
  /** `'vda'` */
  name?: string
  path?: string
  backingIndex?: number
  rdReqs?: number
  rdBytes?: number
  rdTimes?: number
  wrReqs?: number
  wrBytes?: number
  wrTimes?: number
  flReqs?: number
  flTimes?: number
  errors?: number
  /** Bytes. */
  allocation?: number
  /** Bytes that the guest sees. */
  capacity?: number
  /** Bytes of the file. */
  physical?: number
  threshold?: number
}

/**
 * Memory of a domain, in bytes; faults and pages are counted.
 *
 * @since 0.1.0
 */
export interface BalloonStats {
  current?: number
  maximum?: number
  swapIn?: number
  swapOut?: number
  majorFault?: number
  minorFault?: number
  unused?: number
  available?: number
  usable?: number
  diskCaches?: number
  rss?: number
  hugetlbPgalloc?: number
  hugetlbPgfail?: number
  /** When the guest told. */
  lastUpdate?: Date
}

/**
 * What a domain has of statistics. A group is there when it was asked for and the domain has it.
 *
 * @since 0.1.0
 */
export interface DomainStats {
  domain: { name: string; uuid: string }
  state?: DomainStatus
  /** Nanoseconds of the host's CPUs since the domain's start. */
  cpu?: { time?: number; user?: number; system?: number }
  balloon?: BalloonStats
  vcpu?: { current?: number; maximum?: number; vcpus: VcpuStats[] }
  interfaces?: DomainInterfaceStats[]
  blocks?: DomainBlockStats[]
  /** By I/O thread. Times in nanoseconds. */
  ioThreads?: { id: number; pollMaxNs?: number; pollGrow?: number; pollShrink?: number }[]
  /** What of `domain.tuning.setPerfEvents()` is on. */
  perf?: Record<string, number>
  /** All else, by libvirt's own names. */
  other?: Told
}

/** The domain's state by the numbers of its state and the reason. */
export function toStatus(number: number, reason: number): DomainStatus {
  const state: DomainState | 'unknown' = nameOf(domainStates, number)
  return {
    state,
    reason: state === 'unknown' ? state : nameOf<Record<number, string>>(domainStateReasons[state], reason),
  }
}
