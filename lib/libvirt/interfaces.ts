import { native } from '../internal/addon.js'
import { VIR_CONNECT_LIST_INTERFACES, VIR_INTERFACE_XML } from '../internal/generated/libvirt.js'
import type { NativeInterface } from '../internal/native/libvirt-objects.js'
import { toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { type ListOptions, listFlags, toFlags, type ValidateOptions, validateFlag } from './flags.js'
import { LibvirtObject } from './object.js'

/** VIR_INTERFACE_DEFINE_VALIDATE */
const validateBit = 1

/**
 * A network interface of the host.
 *
 * @since 0.1.0
 */
export class Interface extends LibvirtObject {
  readonly connection: Connection
  readonly name: string
  /** Its MAC address; `''` when it has none. */
  readonly mac: string

  /** @internal */
  constructor(connection: Connection, found: NativeInterface) {
    super(found.handle, connection, { uri: connection.givenUri, object: found.name, kind: 'interface' })
    this.connection = connection
    this.name = found.name
    this.mac = found.mac
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virInterfaceLookupByName, this.name)
  }

  /**
   * Brings it up (`ifup`).
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is up.
   *
   * Implements: virInterfaceCreate.
   * @since 0.1.0
   */
  async create(): Promise<void> {
    await this.call(native.virInterfaceCreate)
  }

  /**
   * Takes it down (`ifdown`).
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is down.
   *
   * Implements: virInterfaceDestroy.
   * @since 0.1.0
   */
  async destroy(): Promise<void> {
    await this.call(native.virInterfaceDestroy)
  }

  /**
   * Removes its configuration.
   *
   * Errors: `VIR_ERR_NO_INTERFACE` it is gone.
   *
   * Implements: virInterfaceUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virInterfaceUndefine)
  }

  /**
   * Whether it is up.
   *
   * Implements: virInterfaceIsActive.
   * @since 0.1.0
   */
  isActive(): Promise<boolean> {
    return this.call(native.virInterfaceIsActive)
  }

  /**
   * Its document: as it is if it is up, else its configuration.
   *
   * Implements: virInterfaceGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: {
    /** The configuration also when it is up. Default `false`. */
    inactive?: boolean
  }): Promise<string> {
    return this.call(
      native.virInterfaceGetXMLDesc,
      toFlags(options, { inactive: VIR_INTERFACE_XML.INACTIVE }),
    )
  }
}

/**
 * The network interfaces of a host: `connection.interfaces`. Needs a libvirt with netcf or udev; with udev one can only
 * look.
 *
 * @since 0.1.0
 */
export class Interfaces {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The interfaces.
   *
   * Implements: virConnectListAllInterfaces.
   * @since 0.1.0
   */
  async list(options?: ListOptions): Promise<Interface[]> {
    const flags = listFlags(options, VIR_CONNECT_LIST_INTERFACES)
    const found = await this.#connection.call(native.virConnectListAllInterfaces, flags)
    return found.map((one) => new Interface(this.#connection, one))
  }

  /**
   * An interface by its name: `'eth0'`.
   *
   * Errors: `VIR_ERR_NO_INTERFACE` there is none.
   *
   * Implements: virInterfaceLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<Interface> {
    const options = { object: { libvirtObject: toText('name', name) } }
    const found = await this.#connection.callWith(native.virInterfaceLookupByName, options, name)
    return new Interface(this.#connection, found)
  }

  /**
   * An interface by its MAC address.
   *
   * Errors: `VIR_ERR_NO_INTERFACE` there is none; `VIR_ERR_MULTIPLE_INTERFACES` there are several.
   *
   * Implements: virInterfaceLookupByMACString.
   * @since 0.1.0
   */
  async byMac(mac: string): Promise<Interface> {
    const options = { object: { libvirtObject: toText('mac', mac) } }
    const found = await this.#connection.callWith(native.virInterfaceLookupByMACString, options, mac)
    return new Interface(this.#connection, found)
  }

  /**
   * Writes the configuration of an interface.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_NO_SUPPORT` the host can only look.
   *
   * Implements: virInterfaceDefineXML.
   * @since 0.1.0
   */
  async define(xml: string, options?: ValidateOptions): Promise<Interface> {
    const flags = validateFlag(options, validateBit)
    return new Interface(
      this.#connection,
      await this.#connection.call(native.virInterfaceDefineXML, toText('xml', xml), flags),
    )
  }

  /**
   * Keeps a copy of all configuration, to which `changeRollback()` goes back.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a change is under way.
   *
   * Implements: virInterfaceChangeBegin.
   * @since 0.1.0
   */
  async changeBegin(): Promise<void> {
    await this.#connection.call(native.virInterfaceChangeBegin)
  }

  /**
   * Lets go of the copy.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` no change is under way.
   *
   * Implements: virInterfaceChangeCommit.
   * @since 0.1.0
   */
  async changeCommit(): Promise<void> {
    await this.#connection.call(native.virInterfaceChangeCommit)
  }

  /**
   * Puts the configuration back, and brings the interfaces up again.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` no change is under way.
   *
   * Implements: virInterfaceChangeRollback.
   * @since 0.1.0
   */
  async changeRollback(): Promise<void> {
    await this.#connection.call(native.virInterfaceChangeRollback)
  }
}
