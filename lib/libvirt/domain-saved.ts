import { native } from '../internal/addon.js'
import { VIR_DOMAIN_XML } from '../internal/generated/libvirt.js'
import { toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import type { Domain } from './domain.js'
import { type SaveOptions, toSave } from './domain-options.js'
import { toFlags } from './flags.js'

/**
 * The memory that libvirt keeps for a domain's next start: `domain.saved`.
 *
 * @since 0.1.0
 */
export class DomainSaved {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Writes the domain's memory where libvirt keeps it and stops it; `domain.create()` goes on from there.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run, or is transient.
   *
   * Implements: virDomainManagedSave.
   * @since 0.1.0
   */
  async save(options?: Omit<SaveOptions, 'xml'>): Promise<void> {
    const [, mask] = toSave(options)
    await this.#domain.call(native.virDomainManagedSave, mask)
  }

  /**
   * Whether there is one.
   *
   * Implements: virDomainHasManagedSaveImage.
   * @since 0.1.0
   */
  exists(): Promise<boolean> {
    return this.#domain.call(native.virDomainHasManagedSaveImage)
  }

  /**
   * Throws it away: the next start boots.
   *
   * Implements: virDomainManagedSaveRemove.
   * @since 0.1.0
   */
  async remove(): Promise<void> {
    await this.#domain.call(native.virDomainManagedSaveRemove)
  }

  /**
   * The document that it will be started with.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` there is no saved memory.
   *
   * Implements: virDomainManagedSaveGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: { secure?: boolean }): Promise<string> {
    return this.#domain.call(
      native.virDomainManagedSaveGetXMLDesc,
      toFlags(options, { secure: VIR_DOMAIN_XML.SECURE }),
    )
  }

  /**
   * Changes that document: what the host has, not what the guest sees.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` there is no saved memory; `VIR_ERR_CONFIG_UNSUPPORTED` the guest would see it.
   *
   * Implements: virDomainManagedSaveDefineXML.
   * @since 0.1.0
   */
  async define(xml: string, options?: { running?: boolean; paused?: boolean }): Promise<void> {
    const [, mask] = toSave(options)
    await this.#domain.call(native.virDomainManagedSaveDefineXML, toText('xml', xml), mask)
  }
}

/**
 * Files on the host that `domain.save()` has written: `connection.saveImages`.
 *
 * @since 0.1.0
 */
export class SaveImages {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Starts the domain from there.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` the file cannot be read, or is none; `VIR_ERR_OPERATION_INVALID` the domain runs.
   *
   * Implements: virDomainRestoreFlags.
   * @since 0.1.0
   */
  async restore(path: string, options?: SaveOptions): Promise<void> {
    const [xml, mask] = toSave(options)
    await this.#connection.call(native.virDomainRestoreFlags, toText('path', path), xml, mask)
  }

  /**
   * The domain's document in the file.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` the file cannot be read, or is none.
   *
   * Implements: virDomainSaveImageGetXMLDesc.
   * @since 0.1.0
   */
  async xml(path: string, options?: { secure?: boolean }): Promise<string> {
    const mask = toFlags(options, { secure: VIR_DOMAIN_XML.SECURE })
    return this.#connection.call(native.virDomainSaveImageGetXMLDesc, toText('path', path), mask)
  }

  /**
   * Changes it: what the host has, not what the guest sees.
   *
   * Errors: `VIR_ERR_CONFIG_UNSUPPORTED` the guest would see it.
   *
   * Implements: virDomainSaveImageDefineXML.
   * @since 0.1.0
   */
  async define(path: string, xml: string, options?: { running?: boolean; paused?: boolean }): Promise<void> {
    const [, mask] = toSave(options)
    await this.#connection.call(
      native.virDomainSaveImageDefineXML,
      toText('path', path),
      toText('xml', xml),
      mask,
    )
  }
}
