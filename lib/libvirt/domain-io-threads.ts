import { native } from '../internal/addon.js'
import { type IoThreadParameters, ioThreadParameters } from '../internal/generated/parameters.js'
import { toSize } from '../internal/validate.js'
import { toCpuMap } from './cpus.js'
import type { Domain } from './domain.js'
import { type AffectOptions, affectFlags } from './flags.js'
import { toParameters } from './parameters.js'

const toId = (id: unknown): number => toSize('id', id, 1, 2 ** 31 - 1)

/**
 * The threads that do a domain's I/O beside QEMU's own: `domain.ioThreads`.
 *
 * @since 0.1.0
 */
export class DomainIoThreads {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * The threads, and the host's CPUs that each may be on.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainGetIOThreadInfo.
   * @since 0.1.0
   */
  async list(options?: AffectOptions): Promise<{ id: number; cpus: number[] }[]> {
    return this.#domain.call(native.virDomainGetIOThreadInfo, affectFlags(options))
  }

  /**
   * Adds one.
   *
   * Errors: `VIR_ERR_INVALID_ARG`, `VIR_ERR_OPERATION_INVALID` the id is taken.
   *
   * Implements: virDomainAddIOThread.
   * @since 0.1.0
   */
  async add(id: number, options?: AffectOptions): Promise<void> {
    await this.#domain.call(native.virDomainAddIOThread, toId(id), affectFlags(options))
  }

  /**
   * Removes one.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is none, or a disk uses it.
   *
   * Implements: virDomainDelIOThread.
   * @since 0.1.0
   */
  async delete(id: number, options?: AffectOptions): Promise<void> {
    await this.#domain.call(native.virDomainDelIOThread, toId(id), affectFlags(options))
  }

  /**
   * Says on which CPUs of the host one may be.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is none.
   *
   * Implements: virDomainPinIOThread.
   * @since 0.1.0
   */
  async pin(id: number, cpus: readonly number[], options?: AffectOptions): Promise<void> {
    await this.#domain.call(
      native.virDomainPinIOThread,
      toId(id),
      toCpuMap('cpus', cpus),
      affectFlags(options),
    )
  }

  /**
   * Sets how one polls.
   *
   * Errors: `VIR_ERR_INVALID_ARG` there is none.
   *
   * Implements: virDomainSetIOThreadParams.
   * @since 0.1.0
   */
  async setParameters(id: number, parameters: IoThreadParameters, options?: AffectOptions): Promise<void> {
    const given = toParameters('parameters', parameters, ioThreadParameters)
    await this.#domain.call(native.virDomainSetIOThreadParams, toId(id), given, affectFlags(options))
  }
}
