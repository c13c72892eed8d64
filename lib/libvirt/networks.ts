import { native } from '../internal/addon.js'
import { VIR_CONNECT_LIST_NETWORKS } from '../internal/generated/libvirt.js'
import { toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { type ListOptions, listFlags, type ValidateOptions, validateFlag } from './flags.js'
import { Network } from './network.js'

/** VIR_NETWORK_DEFINE_VALIDATE and VIR_NETWORK_CREATE_VALIDATE */
const validateBit = 1

/**
 * The virtual networks of a host: `connection.networks`.
 *
 * @since 0.1.0
 */
export class Networks {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The networks.
   *
   * Implements: virConnectListAllNetworks.
   * @since 0.1.0
   */
  async list(options?: ListOptions): Promise<Network[]> {
    const flags = listFlags(options, VIR_CONNECT_LIST_NETWORKS)
    const networks = await this.#connection.call(native.virConnectListAllNetworks, flags)
    return networks.map((network) => new Network(this.#connection, network))
  }

  /**
   * A network by its name.
   *
   * Errors: `VIR_ERR_NO_NETWORK` there is none.
   *
   * Implements: virNetworkLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<Network> {
    const options = { object: { libvirtObject: toText('name', name) } }
    return new Network(
      this.#connection,
      await this.#connection.callWith(native.virNetworkLookupByName, options, name),
    )
  }

  /**
   * A network by its UUID.
   *
   * Errors: `VIR_ERR_NO_NETWORK` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virNetworkLookupByUUIDString.
   * @since 0.1.0
   */
  async byUuid(uuid: string): Promise<Network> {
    const options = { object: { libvirtObject: toText('uuid', uuid) } }
    return new Network(
      this.#connection,
      await this.#connection.callWith(native.virNetworkLookupByUUIDString, options, uuid),
    )
  }

  /**
   * Defines a network, or redefines the one with the same name and UUID.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_OPERATION_FAILED` the name is another network's.
   *
   * Implements: virNetworkDefineXMLFlags.
   * @since 0.1.0
   */
  async define(xml: string, options?: ValidateOptions): Promise<Network> {
    const flags = validateFlag(options, validateBit)
    return new Network(
      this.#connection,
      await this.#connection.call(native.virNetworkDefineXMLFlags, toText('xml', xml), flags),
    )
  }

  /**
   * Starts a transient network: one without a definition.
   *
   * Errors: as `define()` and `network.create()`.
   *
   * Implements: virNetworkCreateXMLFlags.
   * @since 0.1.0
   */
  async create(xml: string, options?: ValidateOptions): Promise<Network> {
    const flags = validateFlag(options, validateBit)
    return new Network(
      this.#connection,
      await this.#connection.call(native.virNetworkCreateXMLFlags, toText('xml', xml), flags),
    )
  }
}
