import { native } from '../internal/addon.js'
import type { NativeNWFilter, NativeNWFilterBinding } from '../internal/native/libvirt-objects.js'
import { toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { type ValidateOptions, validateFlag } from './flags.js'
import { LibvirtObject } from './object.js'

/** VIR_NWFILTER_DEFINE_VALIDATE and VIR_NWFILTER_BINDING_CREATE_VALIDATE */
const validateBit = 1

/**
 * A network filter: rules for what a guest's interface may send and receive.
 *
 * @since 0.1.0
 */
export class NWFilter extends LibvirtObject {
  readonly connection: Connection
  readonly name: string
  readonly uuid: string

  /** @internal */
  constructor(connection: Connection, filter: NativeNWFilter) {
    super(filter.handle, connection, {
      uri: connection.givenUri,
      object: filter.name,
      kind: 'network filter',
    })
    this.connection = connection
    this.name = filter.name
    this.uuid = filter.uuid
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virNWFilterLookupByUUIDString, this.uuid)
  }

  /**
   * The filter's document.
   *
   * Errors: `VIR_ERR_NO_NWFILTER` it is gone.
   *
   * Implements: virNWFilterGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virNWFilterGetXMLDesc)
  }

  /**
   * Removes the filter.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a guest or another filter uses it; `VIR_ERR_NO_NWFILTER` it is gone.
   *
   * Implements: virNWFilterUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virNWFilterUndefine)
  }
}

/**
 * A network filter on one interface of the host.
 *
 * @since 0.1.0
 */
export class NWFilterBinding extends LibvirtObject {
  readonly connection: Connection
  /** The interface: `'vnet0'`. */
  readonly portDev: string
  readonly filterName: string

  /** @internal */
  constructor(connection: Connection, binding: NativeNWFilterBinding) {
    const identity = {
      uri: connection.givenUri,
      object: binding.portDev,
      kind: 'binding of a network filter',
    }
    super(binding.handle, connection, identity)
    this.connection = connection
    this.portDev = binding.portDev
    this.filterName = binding.filterName
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virNWFilterBindingLookupByPortDev, this.portDev)
  }

  /**
   * The binding's document.
   *
   * Errors: `VIR_ERR_NO_NWFILTER_BINDING` it is gone.
   *
   * Implements: virNWFilterBindingGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virNWFilterBindingGetXMLDesc)
  }

  /**
   * Takes the filter off the interface.
   *
   * Errors: `VIR_ERR_NO_NWFILTER_BINDING` it is gone.
   *
   * Implements: virNWFilterBindingDelete.
   * @since 0.1.0
   */
  async delete(): Promise<void> {
    await this.call(native.virNWFilterBindingDelete)
  }
}

/**
 * The network filters of a host, and where they are in use: `connection.nwfilters`.
 *
 * @since 0.1.0
 */
export class NWFilters {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The filters.
   *
   * Implements: virConnectListAllNWFilters.
   * @since 0.1.0
   */
  async list(): Promise<NWFilter[]> {
    const filters = await this.#connection.call(native.virConnectListAllNWFilters)
    return filters.map((filter) => new NWFilter(this.#connection, filter))
  }

  /**
   * A filter by its name: `'clean-traffic'`.
   *
   * Errors: `VIR_ERR_NO_NWFILTER` there is none.
   *
   * Implements: virNWFilterLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<NWFilter> {
    const options = { object: { libvirtObject: toText('name', name) } }
    return new NWFilter(
      this.#connection,
      await this.#connection.callWith(native.virNWFilterLookupByName, options, name),
    )
  }

  /**
   * A filter by its UUID.
   *
   * Errors: `VIR_ERR_NO_NWFILTER` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virNWFilterLookupByUUIDString.
   * @since 0.1.0
   */
  async byUuid(uuid: string): Promise<NWFilter> {
    const options = { object: { libvirtObject: toText('uuid', uuid) } }
    return new NWFilter(
      this.#connection,
      await this.#connection.callWith(native.virNWFilterLookupByUUIDString, options, uuid),
    )
  }

  /**
   * Defines a filter, or redefines the one with the same name and UUID, for guests that run as well.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_OPERATION_FAILED` the name is another filter's, or it
   * refers to itself.
   *
   * Implements: virNWFilterDefineXMLFlags.
   * @since 0.1.0
   */
  async define(xml: string, options?: ValidateOptions): Promise<NWFilter> {
    const flags = validateFlag(options, validateBit)
    return new NWFilter(
      this.#connection,
      await this.#connection.call(native.virNWFilterDefineXMLFlags, toText('xml', xml), flags),
    )
  }

  /**
   * The bindings.
   *
   * Implements: virConnectListAllNWFilterBindings.
   * @since 0.1.0
   */
  async listBindings(): Promise<NWFilterBinding[]> {
    const bindings = await this.#connection.call(native.virConnectListAllNWFilterBindings)
    return bindings.map((binding) => new NWFilterBinding(this.#connection, binding))
  }

  /**
   * The binding of an interface of the host: `'vnet0'`.
   *
   * Errors: `VIR_ERR_NO_NWFILTER_BINDING` there is none.
   *
   * Implements: virNWFilterBindingLookupByPortDev.
   * @since 0.1.0
   */
  async bindingByPortDev(portDev: string): Promise<NWFilterBinding> {
    const options = { object: { libvirtObject: toText('portDev', portDev) } }
    return new NWFilterBinding(
      this.#connection,
      await this.#connection.callWith(native.virNWFilterBindingLookupByPortDev, options, portDev),
    )
  }

  /**
   * Puts a filter on an interface of the host.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the interface has one; `VIR_ERR_NO_NWFILTER` there is no such filter.
   *
   * Implements: virNWFilterBindingCreateXML.
   * @since 0.1.0
   */
  async createBinding(xml: string, options?: ValidateOptions): Promise<NWFilterBinding> {
    const flags = validateFlag(options, validateBit)
    return new NWFilterBinding(
      this.#connection,
      await this.#connection.call(native.virNWFilterBindingCreateXML, toText('xml', xml), flags),
    )
  }
}
