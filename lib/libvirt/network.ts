import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import {
  ipAddressTypes,
  metadataTypes,
  networkSections,
  networkUpdateCommands,
  VIR_NETWORK_PORT_CREATE,
  VIR_NETWORK_XML,
} from '../internal/generated/libvirt.js'
import { type NetworkPortParameters, networkPortParameters } from '../internal/generated/parameters.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import type { NativeNetwork, NativeNetworkPort } from '../internal/native/libvirt-objects.js'
import { toOptions, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { type NetworkEventMap, openEvents } from './event-kinds.js'
import type { Events } from './events.js'
import { type AffectOptions, affectBits, flagsOf, toFlags, toTruth } from './flags.js'
import { type MetadataType, toMetadata } from './metadata.js'
import { LibvirtObject } from './object.js'
import { fromParameters, toParameters } from './parameters.js'

/**
 * An address that the network's DHCP server has given.
 *
 * @since 0.1.0
 */
export interface DhcpLease {
  /** The network's bridge. */
  interface: string
  /** Until when; `undefined` for one without end. */
  expires: Date | undefined
  type: (typeof ipAddressTypes)[keyof typeof ipAddressTypes] | 'unknown'
  mac: string
  /** IPv6 only. */
  iaid: string
  address: string
  /** Bits of the network. */
  prefix: number
  hostname: string
  clientId: string
}

/**
 * What `network.update()` changes: libvirt's virNetworkUpdateSection.
 *
 * @since 0.1.0
 */
export type NetworkSection = (typeof networkSections)[keyof typeof networkSections]

/**
 * How it is changed: libvirt's virNetworkUpdateCommand.
 *
 * @since 0.1.0
 */
export type NetworkUpdateCommand = (typeof networkUpdateCommands)[keyof typeof networkUpdateCommands]

/**
 * How a port comes about.
 *
 * @since 0.1.0
 */
export interface NetworkPortOptions {
  /** Takes over an interface that is there, as after the daemon's restart. */
  reclaim?: boolean
  /** Holds the document against its schema first. */
  validate?: boolean
}

/**
 * A virtual network of the host.
 *
 * Every method rejects with `VIR_ERR_NO_NETWORK` when the network is gone.
 *
 * @since 0.1.0
 */
export class Network extends LibvirtObject {
  readonly connection: Connection
  readonly name: string
  readonly uuid: string

  /** @internal */
  constructor(connection: Connection, network: NativeNetwork) {
    super(network.handle, connection, { uri: connection.givenUri, object: network.name, kind: 'network' })
    this.connection = connection
    this.name = network.name
    this.uuid = network.uuid
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virNetworkLookupByUUIDString, this.uuid)
  }

  /**
   * Its events of one kind, until the stream or this handle is closed. See `connection.events()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events; `ENOSYS` libvirt is older than they are.
   *
   * Implements: virConnectNetworkEventRegisterAny.
   * @since 0.1.0
   */
  events<K extends keyof NetworkEventMap>(
    kind: K,
    options?: CallOptions,
  ): Promise<Events<NetworkEventMap[K]>> {
    return openEvents(this.connection, 'network', kind, options, this)
  }

  /**
   * Starts the network.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is active; `VIR_ERR_INTERNAL_ERROR` the host refused, as when the addresses
   * are taken.
   *
   * Implements: virNetworkCreate.
   * @since 0.1.0
   */
  async create(): Promise<void> {
    await this.call(native.virNetworkCreate)
  }

  /**
   * Stops the network; guests that are on it lose it.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is not active.
   *
   * Implements: virNetworkDestroy.
   * @since 0.1.0
   */
  async destroy(): Promise<void> {
    await this.call(native.virNetworkDestroy)
  }

  /**
   * Removes the definition. A network that is active goes on until it is destroyed.
   *
   * Implements: virNetworkUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virNetworkUndefine)
  }

  /**
   * Whether it is started.
   *
   * Implements: virNetworkIsActive.
   * @since 0.1.0
   */
  isActive(): Promise<boolean> {
    return this.call(native.virNetworkIsActive)
  }

  /**
   * Whether it has a definition.
   *
   * Implements: virNetworkIsPersistent.
   * @since 0.1.0
   */
  isPersistent(): Promise<boolean> {
    return this.call(native.virNetworkIsPersistent)
  }

  /**
   * Whether the daemon starts it when it starts itself.
   *
   * Implements: virNetworkGetAutostart.
   * @since 0.1.0
   */
  autostart(): Promise<boolean> {
    return this.call(native.virNetworkGetAutostart)
  }

  /**
   * Sets whether the daemon starts it when it starts itself.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it has no definition.
   *
   * Implements: virNetworkSetAutostart.
   * @since 0.1.0
   */
  async setAutostart(autostart: boolean): Promise<void> {
    await this.call(native.virNetworkSetAutostart, toTruth('autostart', autostart))
  }

  /**
   * The name of its bridge on the host: `'virbr0'`.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` it has none.
   *
   * Implements: virNetworkGetBridgeName.
   * @since 0.1.0
   */
  bridgeName(): Promise<string> {
    return this.call(native.virNetworkGetBridgeName)
  }

  /**
   * The network's document: of the active network if it is active, else its definition.
   *
   * Implements: virNetworkGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: {
    /** The definition also when it is active. Default `false`. */
    inactive?: boolean
  }): Promise<string> {
    return this.call(native.virNetworkGetXMLDesc, toFlags(options, { inactive: VIR_NETWORK_XML.INACTIVE }))
  }

  /**
   * Changes a part of the network: `update('add-last', 'ip-dhcp-host', "<host mac='...' ip='...'/>")`. `parentIndex`: in
   * which `<ip>` the part is, counted from 0; -1: libvirt looks for it.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the part is there already, or is not; `VIR_ERR_OPERATION_UNSUPPORTED` a part that
   * cannot be changed.
   *
   * Implements: virNetworkUpdate.
   * @since 0.1.0
   */
  async update(
    command: NetworkUpdateCommand,
    section: NetworkSection,
    xml: string,
    options?: AffectOptions & { parentIndex?: number },
  ): Promise<void> {
    const given = toOptions('options', options, { live: true, config: true, parentIndex: true })
    await this.call(
      native.virNetworkUpdate,
      numberOf('command', command, networkUpdateCommands),
      numberOf('section', section, networkSections),
      toSize('options.parentIndex', given.parentIndex ?? -1, -1, 2 ** 31 - 1),
      toText('xml', xml),
      flagsOf(given, affectBits),
    )
  }

  /**
   * What its DHCP server has given, to all or to one MAC address.
   *
   * Implements: virNetworkGetDHCPLeases.
   * @since 0.1.0
   */
  async dhcpLeases(options?: { mac?: string }): Promise<DhcpLease[]> {
    const { mac } = toOptions('options', options, { mac: true })
    const text = mac === undefined ? undefined : toText('options.mac', mac)
    const leases = await this.call(native.virNetworkGetDHCPLeases, text)
    return leases.map(({ expiresSeconds, type, ...lease }) => ({
      ...lease,
      expires: expiresSeconds === 0 ? undefined : new Date(1000 * expiresSeconds),
      type: nameOf(ipAddressTypes, type),
    }))
  }

  /**
   * Title, description or an element of your own that is kept with the network. `uri`: the element's namespace.
   *
   * Errors: `VIR_ERR_NO_NETWORK_METADATA` there is none; `ENOSYS` libvirt is older than 9.7.0.
   *
   * Implements: virNetworkGetMetadata.
   * @since 0.1.0
   */
  async metadata(type: MetadataType, options?: AffectOptions & { uri?: string }): Promise<string> {
    const given = toOptions('options', options, { live: true, config: true, uri: true })
    const uri = given.uri === undefined ? undefined : toText('options.uri', given.uri)
    const number = numberOf('type', type, metadataTypes)
    return this.call(native.virNetworkGetMetadata, number, uri, flagsOf(given, affectBits))
  }

  /**
   * Sets them; `undefined` removes. An element needs `key`, the prefix of its namespace, and `uri`.
   *
   * Errors: `VIR_ERR_INVALID_ARG` a title with a line end; `ENOSYS` libvirt is older than 9.7.0.
   *
   * Implements: virNetworkSetMetadata.
   * @since 0.1.0
   */
  async setMetadata(
    type: MetadataType,
    text: string | undefined,
    options?: AffectOptions & { key?: string; uri?: string },
  ): Promise<void> {
    await this.call(native.virNetworkSetMetadata, ...toMetadata(type, text, options))
  }

  /**
   * The ports that guests and others have.
   *
   * Implements: virNetworkListAllPorts.
   * @since 0.1.0
   */
  async listPorts(): Promise<NetworkPort[]> {
    const ports = await this.call(native.virNetworkListAllPorts)
    return ports.map((port) => new NetworkPort(this, port))
  }

  /**
   * A port by its UUID.
   *
   * Errors: `VIR_ERR_NO_NETWORK_PORT` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virNetworkPortLookupByUUIDString.
   * @since 0.1.0
   */
  async portByUuid(uuid: string): Promise<NetworkPort> {
    const options = { object: { libvirtObject: toText('uuid', uuid) } }
    return new NetworkPort(this, await this.callWith(native.virNetworkPortLookupByUUIDString, options, uuid))
  }

  /**
   * Makes a port, which is what the daemon of domains does for each interface of a guest.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the network is not active; `VIR_ERR_XML_ERROR` the document is malformed.
   *
   * Implements: virNetworkPortCreateXML.
   * @since 0.1.0
   */
  async createPort(xml: string, options?: NetworkPortOptions): Promise<NetworkPort> {
    const mask = toFlags(options, {
      reclaim: VIR_NETWORK_PORT_CREATE.RECLAIM,
      validate: VIR_NETWORK_PORT_CREATE.VALIDATE,
    })
    return new NetworkPort(this, await this.call(native.virNetworkPortCreateXML, toText('xml', xml), mask))
  }
}

/**
 * A port of a network: where a guest's interface is connected.
 *
 * @since 0.1.0
 */
export class NetworkPort extends LibvirtObject {
  readonly network: Network
  readonly uuid: string

  /** @internal */
  constructor(network: Network, port: NativeNetworkPort) {
    const uri = network.connection.givenUri
    super(port.handle, network, { uri, object: port.uuid, kind: 'network port' })
    this.network = network
    this.uuid = port.uuid
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.network.call(native.virNetworkPortLookupByUUIDString, this.uuid)
  }

  /**
   * The port's document.
   *
   * Implements: virNetworkPortGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virNetworkPortGetXMLDesc)
  }

  /**
   * How fast it may be.
   *
   * Implements: virNetworkPortGetParameters.
   * @since 0.1.0
   */
  async parameters(): Promise<NetworkPortParameters> {
    return fromParameters<NetworkPortParameters>(
      await this.call(native.virNetworkPortGetParameters),
      networkPortParameters,
    )
  }

  /**
   * Changes what is given.
   *
   * Implements: virNetworkPortSetParameters.
   * @since 0.1.0
   */
  async setParameters(parameters: NetworkPortParameters): Promise<void> {
    const given = toParameters('parameters', parameters, networkPortParameters)
    await this.call(native.virNetworkPortSetParameters, given)
  }

  /**
   * Removes the port.
   *
   * Implements: virNetworkPortDelete.
   * @since 0.1.0
   */
  async delete(): Promise<void> {
    await this.call(native.virNetworkPortDelete)
  }
}
