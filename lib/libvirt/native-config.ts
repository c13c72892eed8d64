import { native } from '../internal/addon.js'
import { toText } from '../internal/validate.js'
import type { Connection } from './connection.js'

/**
 * A hypervisor's own configuration beside libvirt's documents: `connection.nativeConfig`.
 *
 * @since 0.1.0
 */
export class NativeConfig {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The domain's document that a configuration is. `format`: the hypervisor's, such as `'xen-xl'`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT`, `VIR_ERR_INVALID_ARG` the hypervisor does not read it; QEMU's reads none.
   *
   * Implements: virConnectDomainXMLFromNative.
   * @since 0.1.0
   */
  async toXml(format: string, config: string): Promise<string> {
    return this.#connection.call(
      native.virConnectDomainXMLFromNative,
      toText('format', format),
      toText('config', config),
    )
  }

  /**
   * The configuration that a document makes. `format`: `'qemu-argv'` gives the command by which QEMU would be started.
   *
   * Errors: `VIR_ERR_INVALID_ARG` the hypervisor does not write it; `VIR_ERR_XML_DETAIL` the document is malformed.
   *
   * Implements: virConnectDomainXMLToNative.
   * @since 0.1.0
   */
  async fromXml(format: string, xml: string): Promise<string> {
    return this.#connection.call(
      native.virConnectDomainXMLToNative,
      toText('format', format),
      toText('xml', xml),
    )
  }
}
