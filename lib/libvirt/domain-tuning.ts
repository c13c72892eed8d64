import { native } from '../internal/addon.js'
import {
  type BlockIoTune,
  blockIoTune,
  type MemoryParameters,
  memoryParameters,
} from '../internal/generated/parameters.js'
import { toText } from '../internal/validate.js'
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
}
