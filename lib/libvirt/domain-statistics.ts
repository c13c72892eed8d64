import { native } from '../internal/addon.js'
import { diskErrorCodes, memoryStatTags } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type {
  NativeDomainBlockInfo,
  NativeDomainBlockStatsStruct,
  NativeDomainInterfaceStatsStruct,
} from '../internal/native/generated/libvirt-structures.js'
import { invalidArgValue, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import type { Domain } from './domain.js'
import { toStats } from './domain-records.js'
import {
  type DomainStats,
  type DomainStatsGroup,
  type DomainStatsOptions,
  statsBits,
  toGroups,
} from './domain-stats.js'
import { type AffectOptions, affectFlags, toFlags } from './flags.js'

/**
 * Sizes of a disk, in bytes.
 *
 * @since 0.1.0
 */
export interface BlockInfo {
  /** What the guest sees. */
  capacity: number
  /** What it takes up. */
  allocation: number
  /** The file's or device's own size. */
  physical: number
}

/**
 * What a disk has read and written since the domain's start. -1: the hypervisor does not tell.
 *
 * @since 0.1.0
 */
export interface BlockCounters {
  rdReq: number
  rdBytes: number
  wrReq: number
  wrBytes: number
  errs: number
}

/**
 * What a network interface has received and sent since the domain's start. -1: the hypervisor does not tell.
 *
 * @since 0.1.0
 */
export interface InterfaceCounters {
  rxBytes: number
  rxPackets: number
  rxErrs: number
  rxDrop: number
  txBytes: number
  txPackets: number
  txErrs: number
  txDrop: number
}

/**
 * A disk that failed.
 *
 * @since 0.1.0
 */
export interface DiskError {
  /** Its target: `'vda'`. */
  disk: string
  error: (typeof diskErrorCodes)[keyof typeof diskErrorCodes] | 'unknown'
}

const counted = new Set(['major-fault', 'minor-fault', 'hugetlb-pgalloc', 'hugetlb-pgfail', 'last-update'])

/**
 * What a domain has used and done: `domain.statistics`. Many domains at once: `connection.domainStats()`.
 *
 * Its methods reject with `VIR_ERR_OPERATION_INVALID` when the domain does not run.
 *
 * @since 0.1.0
 */
export class DomainStatistics {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * All that the hypervisor tells, or some groups of it; also of a domain that does not run, for which that is little.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has none.
   *
   * Implements: virDomainListGetStats.
   * @since 0.1.0
   */
  async all(groups?: readonly DomainStatsGroup[]): Promise<DomainStats | undefined> {
    const mask = toGroups(groups)
    const { connection } = this.#domain
    return this.#domain.lend('virDomainListGetStats', async () => {
      const found = await connection.call(native.virDomainListGetStats, [this.#domain.handle], mask, 0)
      return (await toStats(found))[0]
    })
  }

  /**
   * Memory, in bytes, by libvirt's names: `'actual-balloon'`, `'rss'`, `'unused'`; faults are counted, and
   * `'last-update'` is in seconds since 1970.
   *
   * Implements: virDomainMemoryStats.
   * @since 0.1.0
   */
  async memory(): Promise<Record<string, number>> {
    const pairs = await this.#domain.call(native.virDomainMemoryStats)
    return Object.fromEntries(
      pairs.map(([tag, value]) => {
        const name = nameOf<Record<number, string>>(memoryStatTags, tag)
        return [name, counted.has(name) ? value : value * 1024]
      }),
    )
  }

  /**
   * How often the guest tells of its memory, in seconds; 0: never.
   *
   * Implements: virDomainSetMemoryStatsPeriod.
   * @since 0.1.0
   */
  async setMemoryPeriod(seconds: number, options?: AffectOptions): Promise<void> {
    const period = toSize('seconds', seconds, 0, 2 ** 31 - 1)
    await this.#domain.call(native.virDomainSetMemoryStatsPeriod, period, affectFlags(options))
  }

  /**
   * What a disk has done. `disk`: its target or its source's path; `''`: all together, where the hypervisor can.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk.
   *
   * Implements: virDomainBlockStats.
   * @since 0.1.0
   */
  async block(disk: string): Promise<BlockCounters> {
    const name = toText('disk', disk, { empty: true })
    return this.#domain.call<[disk: string], NativeDomainBlockStatsStruct>(native.virDomainBlockStats, name)
  }

  /**
   * The same with times and flushes, by libvirt's names: `rd_total_times` in nanoseconds.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk; `VIR_ERR_NO_SUPPORT` the hypervisor has none.
   *
   * Implements: virDomainBlockStatsFlags.
   * @since 0.1.0
   */
  async blockCounters(disk: string): Promise<Record<string, number>> {
    const name = toText('disk', disk, { empty: true })
    const pairs = await this.#domain.call(native.virDomainBlockStatsFlags, name, 0)
    return Object.fromEntries(pairs.map(([key, value]) => [key, Number(value)]))
  }

  /**
   * Sizes of a disk.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk.
   *
   * Implements: virDomainGetBlockInfo.
   * @since 0.1.0
   */
  async blockInfo(disk: string): Promise<BlockInfo> {
    const name = toText('disk', disk)
    return this.#domain.call<[disk: string], NativeDomainBlockInfo>(native.virDomainGetBlockInfo, name)
  }

  /**
   * What a network interface has done. `device`: its target on the host, `'vnet0'`, or its MAC address.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such interface.
   *
   * Implements: virDomainInterfaceStats.
   * @since 0.1.0
   */
  async interface(device: string): Promise<InterfaceCounters> {
    const name = toText('device', device)
    return this.#domain.call<[device: string], NativeDomainInterfaceStatsStruct>(
      native.virDomainInterfaceStats,
      name,
    )
  }

  /**
   * CPU time of the host that it used, in nanoseconds, by libvirt's names: `cpu_time`, `user_time`, `system_time`.
   *
   * Implements: virDomainGetCPUStats.
   * @since 0.1.0
   */
  async cpu(): Promise<Record<string, number>> {
    const [pairs = []] = await this.#domain.call(native.virDomainGetCPUStats, -1, 1)
    return Object.fromEntries(pairs.map(([key, value]) => [key, Number(value)]))
  }

  /**
   * The same by the host's CPUs, from `first` on.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is no such CPU.
   *
   * Implements: virDomainGetCPUStats.
   * @since 0.1.0
   */
  async cpus(first: number, count: number): Promise<Record<string, number>[]> {
    const from = toSize('first', first, 0, 2 ** 31 - 1)
    // A daemon answers for no more.
    const most = toSize('count', count, 1, 128)
    const lists = await this.#domain.call(native.virDomainGetCPUStats, from, most)
    return lists.map((pairs) => Object.fromEntries(pairs.map(([key, value]) => [key, Number(value)])))
  }

  /**
   * The disks that have failed since the domain's start.
   *
   * Implements: virDomainGetDiskErrors.
   * @since 0.1.0
   */
  async diskErrors(): Promise<DiskError[]> {
    const found = await this.#domain.call(native.virDomainGetDiskErrors)
    return found.map(({ disk, error }) => ({ disk, error: nameOf(diskErrorCodes, error) }))
  }
}

/** What `connection.domainStats()` gives. */
export async function statsOf(
  connection: Connection,
  groups: readonly DomainStatsGroup[] | undefined,
  options: DomainStatsOptions | readonly Domain[] | undefined,
): Promise<DomainStats[]> {
  const mask = toGroups(groups)
  if (!Array.isArray(options)) {
    const flags = toFlags(options as DomainStatsOptions | undefined, statsBits)
    return toStats(await connection.call(native.virConnectGetAllDomainStats, mask, flags))
  }
  const domains = options as readonly Domain[]
  if (domains.length === 0) return []
  if (domains.some((domain) => domain.connection !== connection))
    throw invalidArgValue('options', 'must be domains of this connection')
  const syscall = 'virDomainListGetStats'
  const ask = async (): Promise<DomainStats[]> => {
    const handles = domains.map(({ handle }) => handle)
    return toStats(await connection.call(native[syscall], handles, mask, 0))
  }
  // All stay open meanwhile.
  return domains.reduce((next, domain) => () => domain.lend(syscall, next), ask)()
}
