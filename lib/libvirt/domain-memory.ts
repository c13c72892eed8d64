import { native } from '../internal/addon.js'
import { VIR_DOMAIN_MEM, VIR_MEMORY } from '../internal/generated/libvirt.js'
import { invalidArgValue, toSize } from '../internal/validate.js'
import type { Domain } from './domain.js'
import { type AffectOptions, affectBits, toFlags } from './flags.js'

/**
 * The memory of a domain: `domain.memory`. What it may use of the host's is `domain.tuning.memory()`.
 *
 * @since 0.1.0
 */
export class DomainMemory {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * The most that it may have, in bytes.
   *
   * Implements: virDomainGetMaxMemory.
   * @since 0.1.0
   */
  async maximum(): Promise<number> {
    return 1024 * (await this.#domain.call(native.virDomainGetMaxMemory))
  }

  /**
   * Sets how much it has, in bytes, whole KiB of them; of a running domain by its balloon. `maximum`: the most that it may
   * have, which only a domain that does not run can be given.
   *
   * Errors: `VIR_ERR_INVALID_ARG` more than the maximum; `VIR_ERR_OPERATION_INVALID` `live` but it does not run, or
   * `maximum` while it runs.
   *
   * Implements: virDomainSetMemoryFlags.
   * @since 0.1.0
   */
  async set(bytes: number | bigint, options?: AffectOptions & { maximum?: boolean }): Promise<void> {
    const size = toSize('bytes', bytes, 1024)
    if (size % 1024 !== 0) throw invalidArgValue('bytes', 'must be whole KiB')
    const mask = toFlags(options, { ...affectBits, maximum: VIR_DOMAIN_MEM.MAXIMUM })
    await this.#domain.call(native.virDomainSetMemoryFlags, size / 1024, mask)
  }

  /**
   * Bytes of its memory, from an address of the guest's hardware, or with `virtual` of what it runs just now.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainMemoryPeek.
   * @since 0.1.0
   */
  async peek(start: number | bigint, length: number, options?: { virtual?: boolean }): Promise<Buffer> {
    const mask = toFlags(options, { virtual: VIR_MEMORY.VIRTUAL })
    // A daemon sends no more at once.
    const most = toSize('length', length, 1, 4 * 2 ** 20)
    return this.#domain.call(
      native.virDomainMemoryPeek,
      toSize('start', start),
      most,
      mask === 0 ? VIR_MEMORY.PHYSICAL : mask,
    )
  }

  /**
   * Begins to count which pages change within so many seconds. `connection.domainStats(['dirtyrate'])` tells.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_INVALID_ARG` not 1 to 60 seconds.
   *
   * Implements: virDomainStartDirtyRateCalc.
   * @since 0.1.0
   */
  async startDirtyRate(seconds: number): Promise<void> {
    await this.#domain.call(native.virDomainStartDirtyRateCalc, toSize('seconds', seconds, 1, 60), 0)
  }
}
