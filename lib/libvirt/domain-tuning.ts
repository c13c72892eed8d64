import { native } from '../internal/addon.js'
import { lifecycleActions, lifecycles } from '../internal/generated/libvirt.js'
import {
  type BlkioParameters,
  type BlockIoTune,
  blkioParameters,
  blockIoTune,
  type InterfaceParameters,
  interfaceParameters,
  type MemoryParameters,
  memoryParameters,
  type NumaParameters,
  numaParameters,
  type PerfEvents,
  perfEvents,
  type SchedulerParameters,
  schedulerParameters,
} from '../internal/generated/parameters.js'
import { numberOf } from '../internal/name-of.js'
import { toSize, toText } from '../internal/validate.js'
import type { Domain } from './domain.js'
import { type AffectOptions, affectFlags } from './flags.js'
import { fromParameters, toParameters } from './parameters.js'

/**
 * What a domain may use of its host: `domain.tuning`.
 *
 * @since 0.1.0
 */
export class DomainTuning {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetMemoryParameters.
   * @since 0.1.0
   */
  async memory(options?: AffectOptions): Promise<MemoryParameters> {
    const pairs = await this.#domain.call(native.virDomainGetMemoryParameters, affectFlags(options))
    return fromParameters<MemoryParameters>(pairs, memoryParameters)
  }

  /**
   * Changes the parameters that are given.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run; `VIR_ERR_INVALID_ARG` a limit is above
   * another that bounds it.
   *
   * Implements: virDomainSetMemoryParameters.
   * @since 0.1.0
   */
  async setMemory(parameters: MemoryParameters, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, memoryParameters)
    await this.#domain.call(native.virDomainSetMemoryParameters, given, affectFlags(options))
  }

  /**
   * `disk`: its target, such as `'vda'`, or its source's path.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk.
   *
   * Implements: virDomainGetBlockIoTune.
   * @since 0.1.0
   */
  async blockIo(disk: string, options?: AffectOptions): Promise<BlockIoTune> {
    const pairs = await this.#domain.call(
      native.virDomainGetBlockIoTune,
      toText('disk', disk),
      affectFlags(options),
    )
    return fromParameters<BlockIoTune>(pairs, blockIoTune)
  }

  /**
   * Changes the limits that are given, also of a disk that is in use.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk, or limits that exclude each other.
   *
   * Implements: virDomainSetBlockIoTune.
   * @since 0.1.0
   */
  async setBlockIo(disk: string, limits: BlockIoTune, options?: AffectOptions): Promise<void> {
    const given = toParameters('limits', limits, blockIoTune)
    await this.#domain.call(native.virDomainSetBlockIoTune, toText('disk', disk), given, affectFlags(options))
  }

  /**
   * Its weight and limits on the host's block devices.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetBlkioParameters.
   * @since 0.1.0
   */
  async blkio(options?: AffectOptions): Promise<BlkioParameters> {
    return fromParameters<BlkioParameters>(
      await this.#domain.call(native.virDomainGetBlkioParameters, affectFlags(options)),
      blkioParameters,
    )
  }

  /**
   * Changes those that are given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` what the host does not allow; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainSetBlkioParameters.
   * @since 0.1.0
   */
  async setBlkio(parameters: BlkioParameters, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, blkioParameters)
    await this.#domain.call(native.virDomainSetBlkioParameters, given, affectFlags(options))
  }

  /**
   * Its share of the host's CPUs.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetSchedulerParametersFlags.
   * @since 0.1.0
   */
  async scheduler(options?: AffectOptions): Promise<SchedulerParameters> {
    return fromParameters<SchedulerParameters>(
      await this.#domain.call(native.virDomainGetSchedulerParametersFlags, affectFlags(options)),
      schedulerParameters,
    )
  }

  /**
   * Changes what is given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` what the host does not allow; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainSetSchedulerParametersFlags.
   * @since 0.1.0
   */
  async setScheduler(parameters: SchedulerParameters, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, schedulerParameters)
    await this.#domain.call(native.virDomainSetSchedulerParametersFlags, given, affectFlags(options))
  }

  /**
   * The scheduler, which says what `scheduler()` has: `'posix'` for QEMU.
   *
   * Implements: virDomainGetSchedulerType.
   * @since 0.1.0
   */
  schedulerType(): Promise<string> {
    return this.#domain.call(native.virDomainGetSchedulerType)
  }

  /**
   * Where on the host its memory is.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetNumaParameters.
   * @since 0.1.0
   */
  async numa(options?: AffectOptions): Promise<NumaParameters> {
    return fromParameters<NumaParameters>(
      await this.#domain.call(native.virDomainGetNumaParameters, affectFlags(options)),
      numaParameters,
    )
  }

  /**
   * Changes what is given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` what the host does not allow; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainSetNumaParameters.
   * @since 0.1.0
   */
  async setNuma(parameters: NumaParameters, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, numaParameters)
    await this.#domain.call(native.virDomainSetNumaParameters, given, affectFlags(options))
  }

  /**
   * How fast a network interface may be. `device`: its target on the host, `'vnet0'`, or its MAC address.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetInterfaceParameters.
   * @since 0.1.0
   */
  async interface(device: string, options?: AffectOptions): Promise<InterfaceParameters> {
    return fromParameters<InterfaceParameters>(
      await this.#domain.call(
        native.virDomainGetInterfaceParameters,
        toText('device', device),
        affectFlags(options),
      ),
      interfaceParameters,
    )
  }

  /**
   * Changes the limits that are given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` what the host does not allow; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainSetInterfaceParameters.
   * @since 0.1.0
   */
  async setInterface(
    device: string,
    parameters: InterfaceParameters,
    options?: AffectOptions,
  ): Promise<void> {
    const given = toParameters('parameters', parameters, interfaceParameters)
    await this.#domain.call(
      native.virDomainSetInterfaceParameters,
      toText('device', device),
      given,
      affectFlags(options),
    )
  }

  /**
   * Which events of the host's CPUs are counted for it.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetPerfEvents.
   * @since 0.1.0
   */
  async perfEvents(options?: AffectOptions): Promise<PerfEvents> {
    return fromParameters<PerfEvents>(
      await this.#domain.call(native.virDomainGetPerfEvents, affectFlags(options)),
      perfEvents,
    )
  }

  /**
   * Changes what is given. `domain.statistics.all(['perf'])` has the counts.
   *
   * Errors: `VIR_ERR_INVALID_ARG` what the host does not allow; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainSetPerfEvents.
   * @since 0.1.0
   */
  async setPerfEvents(parameters: PerfEvents, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, perfEvents)
    await this.#domain.call(native.virDomainSetPerfEvents, given, affectFlags(options))
  }

  /**
   * Makes a group of limits, or changes it: what disks of its name, each with a filter that names it, may do together.
   *
   * Errors: `VIR_ERR_INVALID_ARG` limits that exclude each other; `ENOSYS` libvirt is older than 11.2.0.
   *
   * Implements: virDomainSetThrottleGroup.
   * @since 0.1.0
   */
  async setThrottleGroup(group: string, limits: BlockIoTune, options?: AffectOptions): Promise<void> {
    const given = toParameters('limits', limits, blockIoTune)
    await this.#domain.call(
      native.virDomainSetThrottleGroup,
      toText('group', group),
      given,
      affectFlags(options),
    )
  }

  /**
   * Removes a group of limits.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID`, `VIR_ERR_INVALID_ARG` there is none, or a disk uses it; `ENOSYS` libvirt is older
   * than 11.2.0.
   *
   * Implements: virDomainDelThrottleGroup.
   * @since 0.1.0
   */
  async deleteThrottleGroup(group: string, options?: AffectOptions): Promise<void> {
    await this.#domain.call(native.virDomainDelThrottleGroup, toText('group', group), affectFlags(options))
  }

  /**
   * Has the event `block-threshold` told once a disk's file has grown beyond so many bytes. 0: no more.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk; `VIR_ERR_OPERATION_INVALID` the domain does not run.
   *
   * Implements: virDomainSetBlockThreshold.
   * @since 0.1.0
   */
  async setBlockThreshold(disk: string, bytes: number | bigint): Promise<void> {
    await this.#domain.call(native.virDomainSetBlockThreshold, toText('disk', disk), toSize('bytes', bytes))
  }

  /**
   * Says what becomes of the domain when its guest shuts down, reboots or crashes.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` what the hypervisor cannot do.
   *
   * Implements: virDomainSetLifecycleAction.
   * @since 0.1.0
   */
  async setLifecycleAction(
    event: (typeof lifecycles)[keyof typeof lifecycles],
    action: (typeof lifecycleActions)[keyof typeof lifecycleActions],
    options?: AffectOptions,
  ): Promise<void> {
    await this.#domain.call(
      native.virDomainSetLifecycleAction,
      numberOf('event', event, lifecycles),
      numberOf('action', action, lifecycleActions),
      affectFlags(options),
    )
  }
}
