import { native } from '../internal/addon.js'
import { VIR_DOMAIN_VCPU, vcpuStates } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import { toSize } from '../internal/validate.js'
import { toCpuMap, toCpus } from './cpus.js'
import type { Domain } from './domain.js'
import { type AffectOptions, affectBits, affectFlags, toFlags, toTruth } from './flags.js'

/**
 * A virtual CPU of a running domain.
 *
 * @since 0.1.0
 */
export interface Vcpu {
  number: number
  state: (typeof vcpuStates)[keyof typeof vcpuStates] | 'unknown'
  /** Nanoseconds that it ran. */
  cpuTimeNs: bigint
  /** The host's CPU that it is on; -1: on none. */
  cpu: number
  /** The host's CPUs that it may be on. */
  cpus: number[]
}

/**
 * What a number of virtual CPUs is of.
 *
 * @since 0.1.0
 */
export interface VcpuCountOptions extends AffectOptions {
  /** The most that it may have. */
  maximum?: boolean
  /** Those that the guest has online, by its agent. */
  guest?: boolean
}

const countBits = {
  ...affectBits,
  maximum: VIR_DOMAIN_VCPU.MAXIMUM,
  guest: VIR_DOMAIN_VCPU.GUEST,
}

/**
 * The virtual CPUs of a domain: `domain.cpus`.
 *
 * @since 0.1.0
 */
export class DomainCpus {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * The virtual CPUs of a running domain.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainGetVcpus, virDomainGetInfo.
   * @since 0.1.0
   */
  async list(): Promise<Vcpu[]> {
    const found = await this.#domain.call(native.virDomainGetVcpus)
    return found.map((vcpu) => ({ ...vcpu, state: nameOf(vcpuStates, vcpu.state) }))
  }

  /**
   * How many it has.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but it does not run; `VIR_ERR_AGENT_UNRESPONSIVE` `guest` and no agent
   * answers.
   *
   * Implements: virDomainGetVcpusFlags.
   * @since 0.1.0
   */
  async count(options?: VcpuCountOptions): Promise<number> {
    return this.#domain.call(native.virDomainGetVcpusFlags, toFlags(options, countBits))
  }

  /**
   * How many it may have while it runs; of a domain that does not run, how many it can be defined with.
   *
   * Implements: virDomainGetMaxVcpus.
   * @since 0.1.0
   */
  maximum(): Promise<number> {
    return this.#domain.call(native.virDomainGetMaxVcpus)
  }

  /**
   * Sets how many it has. `hotpluggable`: those that are added can be taken away again.
   *
   * Errors: `VIR_ERR_INVALID_ARG` more than it may have; `VIR_ERR_OPERATION_INVALID` `live` but it does not run, or
   * `maximum` while it runs.
   *
   * Implements: virDomainSetVcpusFlags.
   * @since 0.1.0
   */
  async setCount(count: number, options?: VcpuCountOptions & { hotpluggable?: boolean }): Promise<void> {
    const mask = toFlags(options, { ...countBits, hotpluggable: VIR_DOMAIN_VCPU.HOTPLUGGABLE })
    await this.#domain.call(native.virDomainSetVcpusFlags, toSize('count', count, 1, 2 ** 31 - 1), mask)
  }

  /**
   * Plugs single virtual CPUs in or out.
   *
   * Errors: `VIR_ERR_INVALID_ARG`, `VIR_ERR_OPERATION_INVALID` one that cannot.
   *
   * Implements: virDomainSetVcpu.
   * @since 0.1.0
   */
  async setEnabled(vcpus: readonly number[], enabled: boolean, options?: AffectOptions): Promise<void> {
    const text = toCpus('vcpus', vcpus).join(',')
    const state = toTruth('enabled', enabled) ? 1 : 0
    await this.#domain.call(native.virDomainSetVcpu, text, state, affectFlags(options))
  }

  /**
   * Says on which CPUs of the host a virtual one may be.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such virtual CPU; `VIR_ERR_OPERATION_INVALID` `live` but it does not run.
   *
   * Implements: virDomainPinVcpuFlags.
   * @since 0.1.0
   */
  async pin(vcpu: number, cpus: readonly number[], options?: AffectOptions): Promise<void> {
    const map = toCpuMap('cpus', cpus)
    const number = toSize('vcpu', vcpu, 0, 2 ** 31 - 1)
    await this.#domain.call(native.virDomainPinVcpuFlags, number, map, affectFlags(options))
  }

  /**
   * On which CPUs of the host each virtual one may be.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but it does not run.
   *
   * Implements: virDomainGetVcpuPinInfo.
   * @since 0.1.0
   */
  async pinning(options?: AffectOptions): Promise<number[][]> {
    const mask = affectFlags(options)
    const count = await this.count({ ...options, maximum: true })
    return this.#domain.call(native.virDomainGetVcpuPinInfo, count, mask)
  }

  /**
   * Says on which CPUs of the host the rest of the hypervisor may be.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but it does not run.
   *
   * Implements: virDomainPinEmulator.
   * @since 0.1.0
   */
  async pinEmulator(cpus: readonly number[], options?: AffectOptions): Promise<void> {
    await this.#domain.call(native.virDomainPinEmulator, toCpuMap('cpus', cpus), affectFlags(options))
  }

  /**
   * On which CPUs of the host the rest of the hypervisor may be.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but it does not run.
   *
   * Implements: virDomainGetEmulatorPinInfo.
   * @since 0.1.0
   */
  async emulatorPinning(options?: AffectOptions): Promise<number[]> {
    return this.#domain.call(native.virDomainGetEmulatorPinInfo, affectFlags(options))
  }
}
