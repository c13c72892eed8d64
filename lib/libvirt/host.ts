import { native } from '../internal/addon.js'
import {
  cpuComparisons,
  suspendTargets,
  VIR_CONNECT_BASELINE_CPU,
  VIR_CONNECT_COMPARE_CPU,
  VIR_NODE_ALLOC_PAGES,
} from '../internal/generated/libvirt.js'
import { type NodeMemoryParameters, nodeMemoryParameters } from '../internal/generated/parameters.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import { invalidArgType, toOptions, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { flagsOf } from './flags.js'
import {
  type HypervisorOptions,
  hypervisorOptions,
  toHypervisor,
  toPageSizes,
  toTexts,
} from './host-arguments.js'
import { fromParameters, toParameters } from './parameters.js'

/**
 * What a host has.
 *
 * @since 0.1.0
 */
export interface HostInfo {
  /** The kind of CPU: `'x86_64'`. */
  model: string
  /** Bytes. */
  memory: number
  /** CPUs that are online. */
  cpus: number
  mhz: number
  /** NUMA cells. */
  nodes: number
  /** In each cell. */
  sockets: number
  /** In each socket. */
  cores: number
  /** In each core. */
  threads: number
}

/**
 * What a host's CPU is beside another: libvirt's virCPUCompareResult.
 *
 * @since 0.1.0
 */
export type CpuComparison = (typeof cpuComparisons)[keyof typeof cpuComparisons]

/** Of all CPUs, or cells, together: VIR_NODE_CPU_STATS_ALL_CPUS, VIR_NODE_MEMORY_STATS_ALL_CELLS. */
const all = -1

/**
 * The host that a connection's domains run on: `connection.host`.
 *
 * @since 0.1.0
 */
export class Host {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * What the host has.
   *
   * Implements: virNodeGetInfo.
   * @since 0.1.0
   */
  async info(): Promise<HostInfo> {
    const info = await this.#connection.call(native.virNodeGetInfo)
    return { ...info, memory: info.memory * 1024 }
  }

  /**
   * The document of what host and hypervisor can do.
   *
   * Implements: virConnectGetCapabilities.
   * @since 0.1.0
   */
  capabilities(): Promise<string> {
    return this.#connection.call(native.virConnectGetCapabilities)
  }

  /**
   * The document of what a domain of that kind can have.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is no such hypervisor.
   *
   * Implements: virConnectGetDomainCapabilities.
   * @since 0.1.0
   */
  async domainCapabilities(options?: HypervisorOptions): Promise<string> {
    const given = toOptions('options', options, hypervisorOptions)
    return this.#connection.call(native.virConnectGetDomainCapabilities, ...toHypervisor(given))
  }

  /**
   * The document of which kinds of storage pools there can be.
   *
   * Implements: virConnectGetStoragePoolCapabilities.
   * @since 0.1.0
   */
  storagePoolCapabilities(): Promise<string> {
    return this.#connection.call(native.virConnectGetStoragePoolCapabilities)
  }

  /**
   * The document of the host's firmware tables (SMBIOS).
   *
   * Errors: `VIR_ERR_NO_SUPPORT`, `VIR_ERR_CONFIG_UNSUPPORTED` the host has none.
   *
   * Implements: virConnectGetSysinfo.
   * @since 0.1.0
   */
  sysinfo(): Promise<string> {
    return this.#connection.call(native.virConnectGetSysinfo)
  }

  /**
   * How many virtual CPUs a domain can have. `type`: of which hypervisor, `'kvm'`.
   *
   * Implements: virConnectGetMaxVcpus.
   * @since 0.1.0
   */
  async maxVcpus(options?: { type?: string }): Promise<number> {
    const { type } = toOptions('options', options, { type: true })
    return this.#connection.call(
      native.virConnectGetMaxVcpus,
      type === undefined ? undefined : toText('options.type', type),
    )
  }

  /**
   * The models of CPUs that libvirt knows for an architecture; none: any will do.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is no such architecture.
   *
   * Implements: virConnectGetCPUModelNames.
   * @since 0.1.0
   */
  async cpuModels(arch: string): Promise<string[]> {
    return this.#connection.call(native.virConnectGetCPUModelNames, toText('arch', arch))
  }

  /**
   * What the host's CPU, or with `hypervisor` the one that it gives to guests, is beside the one in the document.
   *
   * Errors: `VIR_ERR_CPU_INCOMPATIBLE` `failIncompatible` and it is, the message says why.
   *
   * Implements: virConnectCompareCPU, virConnectCompareHypervisorCPU.
   * @since 0.1.0
   */
  async compareCpu(
    xml: string,
    options?: { failIncompatible?: boolean; validate?: boolean; hypervisor?: HypervisorOptions },
  ): Promise<CpuComparison | 'unknown'> {
    const given = toOptions('options', options, {
      failIncompatible: true,
      validate: true,
      hypervisor: true,
    })
    const text = toText('xml', xml)
    const mask = flagsOf(given, {
      failIncompatible: VIR_CONNECT_COMPARE_CPU.FAIL_INCOMPATIBLE,
      validate: VIR_CONNECT_COMPARE_CPU.VALIDATE_XML,
    })
    if (given.hypervisor === undefined)
      return nameOf(cpuComparisons, await this.#connection.call(native.virConnectCompareCPU, text, mask))
    const hypervisor = toHypervisor(toOptions('options.hypervisor', given.hypervisor, hypervisorOptions))
    return nameOf(
      cpuComparisons,
      await this.#connection.call(native.virConnectCompareHypervisorCPU, ...hypervisor, text, mask),
    )
  }

  /**
   * The document of the best CPU that all hosts have, each of which gives its own; with `hypervisor` of what that gives
   * to guests.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` they have none in common.
   *
   * Implements: virConnectBaselineCPU, virConnectBaselineHypervisorCPU.
   * @since 0.1.0
   */
  async baselineCpu(
    xmls: readonly string[],
    options?: { expandFeatures?: boolean; migratable?: boolean; hypervisor?: HypervisorOptions },
  ): Promise<string> {
    const given = toOptions('options', options, {
      expandFeatures: true,
      migratable: true,
      hypervisor: true,
    })
    const texts = toTexts('xmls', xmls)
    const mask = flagsOf(given, {
      expandFeatures: VIR_CONNECT_BASELINE_CPU.EXPAND_FEATURES,
      migratable: VIR_CONNECT_BASELINE_CPU.MIGRATABLE,
    })
    if (given.hypervisor === undefined)
      return this.#connection.call(native.virConnectBaselineCPU, texts, mask)
    const hypervisor = toHypervisor(toOptions('options.hypervisor', given.hypervisor, hypervisorOptions))
    return this.#connection.call(native.virConnectBaselineHypervisorCPU, ...hypervisor, texts, mask)
  }

  /**
   * How many CPUs there are, and the numbers of those that are online.
   *
   * Implements: virNodeGetCPUMap.
   * @since 0.1.0
   */
  cpuMap(): Promise<{ cpus: number; online: number[] }> {
    return this.#connection.call(native.virNodeGetCPUMap)
  }

  /**
   * Nanoseconds that a CPU, or all together, spent since the host's start, by libvirt's names: `kernel`, `user`, `idle`,
   * `iowait`; newer ones tell `guest`, too.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is no such CPU.
   *
   * Implements: virNodeGetCPUStats.
   * @since 0.1.0
   */
  async cpuStats(options?: { cpu?: number }): Promise<Record<string, number>> {
    const { cpu } = toOptions('options', options, { cpu: true })
    const number = cpu === undefined ? all : toSize('options.cpu', cpu, 0, 2 ** 31 - 1)
    return Object.fromEntries(await this.#connection.call(native.virNodeGetCPUStats, number))
  }

  /**
   * Bytes of memory of a NUMA cell, or of all together, by libvirt's names: `total`, `free`, `buffers`, `cached`.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is no such cell.
   *
   * Implements: virNodeGetMemoryStats.
   * @since 0.1.0
   */
  async memoryStats(options?: { cell?: number }): Promise<Record<string, number>> {
    const { cell } = toOptions('options', options, { cell: true })
    const number = cell === undefined ? all : toSize('options.cell', cell, 0, 2 ** 31 - 1)
    const stats = await this.#connection.call(native.virNodeGetMemoryStats, number)
    return Object.fromEntries(stats.map(([name, kib]) => [name, kib * 1024]))
  }

  /**
   * Bytes that are free.
   *
   * Implements: virNodeGetFreeMemory.
   * @since 0.1.0
   */
  freeMemory(): Promise<number> {
    return this.#connection.call(native.virNodeGetFreeMemory)
  }

  /**
   * Bytes that are free in each NUMA cell, from the first on.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` there is no such cell.
   *
   * Implements: virNodeGetCellsFreeMemory.
   * @since 0.1.0
   */
  async cellsFreeMemory(options?: { first?: number; count?: number }): Promise<number[]> {
    const given = toOptions('options', options, { first: true, count: true })
    const first = toSize('options.first', given.first ?? 0, 0, 2 ** 31 - 1)
    const count = toSize('options.count', given.count ?? 1, 1, 1024)
    return this.#connection.call(native.virNodeGetCellsFreeMemory, first, count)
  }

  /**
   * How many pages of each size are free in each NUMA cell. Sizes in bytes; a list for each cell, in the order of the
   * sizes.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` the host has no pages of that size.
   *
   * Implements: virNodeGetFreePages.
   * @since 0.1.0
   */
  async freePages(
    sizes: readonly number[],
    options?: { first?: number; count?: number },
  ): Promise<number[][]> {
    const given = toOptions('options', options, { first: true, count: true })
    const kib = toPageSizes(sizes)
    const first = toSize('options.first', given.first ?? 0, 0, 2 ** 31 - 1)
    const count = toSize('options.count', given.count ?? 1, 1, 1024)
    const pages = await this.#connection.call(native.virNodeGetFreePages, kib, first, count)
    return Array.from({ length: Math.ceil(pages.length / kib.length) }, (_, cell) =>
      pages.slice(cell * kib.length, (cell + 1) * kib.length),
    )
  }

  /**
   * Adds huge pages to the host's pool, or sets how many there are. Gives how many cells it has changed.
   *
   * Errors: `VIR_ERR_SYSTEM_ERROR`, `VIR_ERR_OPERATION_FAILED` the host refused.
   *
   * Implements: virNodeAllocPages.
   * @since 0.1.0
   */
  async allocPages(
    pages: readonly { size: number; count: number }[],
    options?: { first?: number; count?: number; set?: boolean },
  ): Promise<number> {
    const given = toOptions('options', options, { first: true, count: true, set: true })
    if (!Array.isArray(pages)) throw invalidArgType('pages', 'an array', pages)
    const wanted = pages.map((one) => toOptions('pages', one, { size: true, count: true }))
    const kib = toPageSizes(wanted.map(({ size }) => size))
    const counts = wanted.map(({ count }) => toSize('pages.count', count))
    const first = toSize('options.first', given.first ?? all, all, 2 ** 31 - 1)
    const cells = toSize('options.count', given.count ?? 1, 1, 1024)
    const mask = flagsOf(given, { set: VIR_NODE_ALLOC_PAGES.SET })
    return this.#connection.call(native.virNodeAllocPages, kib, counts, first, cells, mask)
  }

  /**
   * How the host merges equal pages (KSM).
   *
   * Implements: virNodeGetMemoryParameters.
   * @since 0.1.0
   */
  async memoryParameters(): Promise<NodeMemoryParameters> {
    return fromParameters<NodeMemoryParameters>(
      await this.#connection.call(native.virNodeGetMemoryParameters),
      nodeMemoryParameters,
    )
  }

  /**
   * Changes what is given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` a counter, which cannot be set.
   *
   * Implements: virNodeSetMemoryParameters.
   * @since 0.1.0
   */
  async setMemoryParameters(parameters: NodeMemoryParameters): Promise<void> {
    const given = toParameters('parameters', parameters, nodeMemoryParameters)
    await this.#connection.call(native.virNodeSetMemoryParameters, given)
  }

  /**
   * Which security driver keeps guests apart: `{ model: 'selinux', doi: '0' }`.
   *
   * Implements: virNodeGetSecurityModel.
   * @since 0.1.0
   */
  securityModel(): Promise<{ model: string; doi: string }> {
    return this.#connection.call(native.virNodeGetSecurityModel)
  }

  /**
   * What the host knows of AMD SEV, by libvirt's names: `cbitpos`, `reduced-phys-bits`, `max-guests`.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` it has none.
   *
   * Implements: virNodeGetSEVInfo.
   * @since 0.1.0
   */
  async sevInfo(): Promise<Record<string, string | number | boolean | undefined>> {
    return Object.fromEntries(await this.#connection.call(native.virNodeGetSEVInfo))
  }

  /**
   * Puts the host to sleep, to wake after so many seconds, 60 at least.
   *
   * Errors: `VIR_ERR_INVALID_ARG` too short; `VIR_ERR_ARGUMENT_UNSUPPORTED` the host cannot.
   *
   * Implements: virNodeSuspendForDuration.
   * @since 0.1.0
   */
  async suspend(
    target: (typeof suspendTargets)[keyof typeof suspendTargets],
    durationSeconds: number,
  ): Promise<void> {
    const number = numberOf('target', target, suspendTargets)
    await this.#connection.call(
      native.virNodeSuspendForDuration,
      number,
      toSize('durationSeconds', durationSeconds),
    )
  }
}
