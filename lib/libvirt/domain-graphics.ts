import { native } from '../internal/addon.js'
import { toOptions, toSize } from '../internal/validate.js'
import type { Domain } from './domain.js'

/** VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH */
const skipAuth = 1

/**
 * The screens of a domain: `domain.graphics`. Its methods reject with `VIR_ERR_OPERATION_INVALID` when it does not run.
 *
 * @since 0.1.0
 */
export class DomainGraphics {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * A descriptor of a new connection to the domain's `index`th graphics server, for `new net.Socket({ fd })`, which closes it.
   * `skipAuth`: no password is asked for.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` there is no such server; `VIR_ERR_NO_SUPPORT` a connection over the network.
   *
   * Implements: virDomainOpenGraphicsFD.
   * @since 0.1.0
   */
  async open(index = 0, options?: { skipAuth?: boolean }): Promise<number> {
    const given = toOptions('options', options, { skipAuth: true })
    const mask = given.skipAuth === true ? skipAuth : 0
    return this.#domain.call(native.virDomainOpenGraphicsFD, toSize('index', index, 0, 1000), mask)
  }

  /**
   * Has its graphics servers read their certificates anew.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` it has none; `ENOSYS` libvirt is older than 10.2.0.
   *
   * Implements: virDomainGraphicsReload.
   * @since 0.1.0
   */
  async reload(): Promise<void> {
    await this.#domain.call(native.virDomainGraphicsReload, 0, 0)
  }
}
