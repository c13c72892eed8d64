import { native } from '../internal/addon.js'
import { keycodeSets } from '../internal/generated/libvirt.js'
import { numberOf } from '../internal/name-of.js'
import { invalidArgType, toOptions, toSize } from '../internal/validate.js'
import type { Domain } from './domain.js'

/**
 * Whose numbers of keys they are: libvirt's virKeycodeSet.
 *
 * @since 0.1.0
 */
export type KeycodeSet = (typeof keycodeSets)[keyof typeof keycodeSets]

/**
 * What a domain is told as if by hand: `domain.input`. Its methods reject with `VIR_ERR_OPERATION_INVALID` when it does
 * not run.
 *
 * @since 0.1.0
 */
export class DomainInput {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Presses up to 16 keys at once: `sendKeys([29, 56, 111])` is Ctrl-Alt-Del by Linux's numbers.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` a number that the set does not have.
   *
   * Implements: virDomainSendKey.
   * @since 0.1.0
   */
  async sendKeys(
    keys: readonly number[],
    options?: {
      /** Default `'linux'`. */
      codeset?: KeycodeSet
      /** Milliseconds that they are held. Default: as long as the hypervisor likes. */
      holdTimeMs?: number
    },
  ): Promise<void> {
    const given = toOptions('options', options, { codeset: true, holdTimeMs: true })
    if (!Array.isArray(keys)) throw invalidArgType('keys', 'an array of numbers', keys)
    const codes = keys.map((key, index) => toSize(`keys[${index}]`, key, 0, 2 ** 32 - 1))
    toSize('keys.length', codes.length, 1, 16)
    await this.#domain.call(
      native.virDomainSendKey,
      numberOf('options.codeset', given.codeset ?? 'linux', keycodeSets),
      toSize('options.holdTimeMs', given.holdTimeMs ?? 0, 0, 2 ** 32 - 1),
      codes,
    )
  }

  /**
   * Sends a signal to a process of the guest. Few hypervisors can; QEMU cannot.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor cannot.
   *
   * Implements: virDomainSendProcessSignal.
   * @since 0.1.0
   */
  async sendProcessSignal(pid: number, signal: number): Promise<void> {
    await this.#domain.call(
      native.virDomainSendProcessSignal,
      toSize('pid', pid, Number.MIN_SAFE_INTEGER),
      toSize('signal', signal, 0, 64),
    )
  }

  /**
   * Sends a non-maskable interrupt, at which most systems write their memory down.
   *
   * Implements: virDomainInjectNMI.
   * @since 0.1.0
   */
  async injectNmi(): Promise<void> {
    await this.#domain.call(native.virDomainInjectNMI)
  }
}
