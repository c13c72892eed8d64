import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import { VIR_CONNECT_LIST_NODE_DEVICES } from '../internal/generated/libvirt.js'
import type { NativeNodeDevice } from '../internal/native/libvirt-objects.js'
import { invalidArgType, toOneOf, toOptions, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { LibvirtError } from './errors.js'
import { type NodeDeviceEventMap, openEvents } from './event-kinds.js'
import type { Events } from './events.js'
import {
  type AffectOptions,
  affectFlags,
  flags,
  toTruth,
  type ValidateOptions,
  validateFlag,
} from './flags.js'
import { LibvirtObject } from './object.js'

/** VIR_NODE_DEVICE_CREATE_XML_VALIDATE and VIR_NODE_DEVICE_DEFINE_XML_VALIDATE */
const validateBit = 1

/** The capabilities that a list can be of, by libvirt's names. */
const capabilities = {
  system: VIR_CONNECT_LIST_NODE_DEVICES.CAP_SYSTEM,
  pci: VIR_CONNECT_LIST_NODE_DEVICES.CAP_PCI_DEV,
  usb_device: VIR_CONNECT_LIST_NODE_DEVICES.CAP_USB_DEV,
  usb: VIR_CONNECT_LIST_NODE_DEVICES.CAP_USB_INTERFACE,
  net: VIR_CONNECT_LIST_NODE_DEVICES.CAP_NET,
  scsi_host: VIR_CONNECT_LIST_NODE_DEVICES.CAP_SCSI_HOST,
  scsi_target: VIR_CONNECT_LIST_NODE_DEVICES.CAP_SCSI_TARGET,
  scsi: VIR_CONNECT_LIST_NODE_DEVICES.CAP_SCSI,
  storage: VIR_CONNECT_LIST_NODE_DEVICES.CAP_STORAGE,
  fc_host: VIR_CONNECT_LIST_NODE_DEVICES.CAP_FC_HOST,
  vports: VIR_CONNECT_LIST_NODE_DEVICES.CAP_VPORTS,
  scsi_generic: VIR_CONNECT_LIST_NODE_DEVICES.CAP_SCSI_GENERIC,
  drm: VIR_CONNECT_LIST_NODE_DEVICES.CAP_DRM,
  mdev_types: VIR_CONNECT_LIST_NODE_DEVICES.CAP_MDEV_TYPES,
  mdev: VIR_CONNECT_LIST_NODE_DEVICES.CAP_MDEV,
  ccw: VIR_CONNECT_LIST_NODE_DEVICES.CAP_CCW_DEV,
  css: VIR_CONNECT_LIST_NODE_DEVICES.CAP_CSS_DEV,
  vdpa: VIR_CONNECT_LIST_NODE_DEVICES.CAP_VDPA,
  ap_card: VIR_CONNECT_LIST_NODE_DEVICES.CAP_AP_CARD,
  ap_queue: VIR_CONNECT_LIST_NODE_DEVICES.CAP_AP_QUEUE,
  ap_matrix: VIR_CONNECT_LIST_NODE_DEVICES.CAP_AP_MATRIX,
  vpd: VIR_CONNECT_LIST_NODE_DEVICES.CAP_VPD,
} as const

/**
 * What a device is capable of, by the name in its document.
 *
 * @since 0.1.0
 */
export type NodeDeviceCapability = keyof typeof capabilities

/**
 * Which devices to list; without any: the active ones.
 *
 * @since 0.1.0
 */
export interface NodeDeviceListOptions {
  /** Those that are capable of one of these. */
  capabilities?: readonly NodeDeviceCapability[]
  active?: boolean
  inactive?: boolean
}

/**
 * A device of the host.
 *
 * Every method rejects with `VIR_ERR_NO_NODE_DEVICE` when the device is gone.
 *
 * @since 0.1.0
 */
export class NodeDevice extends LibvirtObject {
  readonly connection: Connection
  /** `'pci_0000_00_02_0'` */
  readonly name: string

  /** @internal */
  constructor(connection: Connection, device: NativeNodeDevice) {
    super(device.handle, connection, { uri: connection.givenUri, object: device.name, kind: 'node device' })
    this.connection = connection
    this.name = device.name
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virNodeDeviceLookupByName, this.name)
  }

  /**
   * Its events of one kind, until the stream or this handle is closed. See `connection.events()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events.
   *
   * Implements: virConnectNodeDeviceEventRegisterAny.
   * @since 0.1.0
   */
  events<K extends keyof NodeDeviceEventMap>(
    kind: K,
    options?: CallOptions,
  ): Promise<Events<NodeDeviceEventMap[K]>> {
    return openEvents(this.connection, 'node-device', kind, options, this)
  }

  /**
   * The name of the device that it is part of; `undefined` for the computer itself.
   *
   * Implements: virNodeDeviceGetParent.
   * @since 0.1.0
   */
  async parent(): Promise<string | undefined> {
    try {
      return await this.call(native.virNodeDeviceGetParent)
    } catch (error) {
      // libvirt has no code of its own for a device without one.
      const internal = error instanceof LibvirtError && error.code === 'VIR_ERR_INTERNAL_ERROR'
      if (internal && !(await this.xml()).includes('<parent>')) return undefined
      throw error
    }
  }

  /**
   * What it is capable of: `['pci']`.
   *
   * Implements: virNodeDeviceListCaps.
   * @since 0.1.0
   */
  async capabilities(): Promise<string[]> {
    return await this.call(native.virNodeDeviceListCaps)
  }

  /**
   * Its document.
   *
   * Implements: virNodeDeviceGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virNodeDeviceGetXMLDesc)
  }

  /**
   * Whether it is there.
   *
   * Implements: virNodeDeviceIsActive.
   * @since 0.1.0
   */
  isActive(): Promise<boolean> {
    return this.call(native.virNodeDeviceIsActive)
  }

  /**
   * Whether it has a definition.
   *
   * Implements: virNodeDeviceIsPersistent.
   * @since 0.1.0
   */
  isPersistent(): Promise<boolean> {
    return this.call(native.virNodeDeviceIsPersistent)
  }

  /**
   * Starts a defined device: a mediated one.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is active.
   *
   * Implements: virNodeDeviceCreate.
   * @since 0.1.0
   */
  async create(): Promise<void> {
    await this.call(native.virNodeDeviceCreate)
  }

  /**
   * Removes the device from the host: an NPIV adapter or a mediated device.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a guest has it; `VIR_ERR_INTERNAL_ERROR` another kind of device.
   *
   * Implements: virNodeDeviceDestroy.
   * @since 0.1.0
   */
  async destroy(): Promise<void> {
    await this.call(native.virNodeDeviceDestroy)
  }

  /**
   * Removes the definition.
   *
   * Implements: virNodeDeviceUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virNodeDeviceUndefine)
  }

  /**
   * Whether the daemon starts it when its parent is there.
   *
   * Implements: virNodeDeviceGetAutostart.
   * @since 0.1.0
   */
  autostart(): Promise<boolean> {
    return this.call(native.virNodeDeviceGetAutostart)
  }

  /**
   * Sets whether the daemon starts it when its parent is there.
   *
   * Implements: virNodeDeviceSetAutostart.
   * @since 0.1.0
   */
  async setAutostart(autostart: boolean): Promise<void> {
    await this.call(native.virNodeDeviceSetAutostart, toTruth('autostart', autostart))
  }

  /**
   * Takes it from the host's driver, so that a guest can have it. `driver`: `'vfio'`; without it libvirt chooses.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a guest has it.
   *
   * Implements: virNodeDeviceDetachFlags.
   * @since 0.1.0
   */
  async detach(options?: { driver?: string }): Promise<void> {
    const { driver } = toOptions('options', options, { driver: true })
    await this.call(
      native.virNodeDeviceDetachFlags,
      driver === undefined ? undefined : toText('options.driver', driver),
    )
  }

  /**
   * Gives it back to the host's driver.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a guest has it.
   *
   * Implements: virNodeDeviceReAttach.
   * @since 0.1.0
   */
  async reAttach(): Promise<void> {
    await this.call(native.virNodeDeviceReAttach)
  }

  /**
   * Resets it.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` a guest has it.
   *
   * Implements: virNodeDeviceReset.
   * @since 0.1.0
   */
  async reset(): Promise<void> {
    await this.call(native.virNodeDeviceReset)
  }

  /**
   * Changes a mediated device.
   *
   * Errors: `ENOSYS` libvirt is older than 10.1.0.
   *
   * Implements: virNodeDeviceUpdate.
   * @since 0.1.0
   */
  async update(xml: string, options?: AffectOptions): Promise<void> {
    await this.call(native.virNodeDeviceUpdate, toText('xml', xml), affectFlags(options))
  }
}

/**
 * The devices of a host: `connection.nodeDevices`.
 *
 * @since 0.1.0
 */
export class NodeDevices {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The devices.
   *
   * Implements: virConnectListAllNodeDevices.
   * @since 0.1.0
   */
  async list(options?: NodeDeviceListOptions): Promise<NodeDevice[]> {
    const given = toOptions('options', options, { capabilities: true, active: true, inactive: true })
    const names = given.capabilities ?? []
    if (!Array.isArray(names)) throw invalidArgType('options.capabilities', 'an array', names)
    const known = Object.keys(capabilities) as NodeDeviceCapability[]
    const mask = flags([
      ...names.map((name) => [true, capabilities[toOneOf('options.capabilities', name, known)]] as const),
      [given.active === true, VIR_CONNECT_LIST_NODE_DEVICES.ACTIVE],
      [given.inactive === true, VIR_CONNECT_LIST_NODE_DEVICES.INACTIVE],
    ])
    const devices = await this.#connection.call(native.virConnectListAllNodeDevices, mask)
    return devices.map((device) => new NodeDevice(this.#connection, device))
  }

  /**
   * A device by its name.
   *
   * Errors: `VIR_ERR_NO_NODE_DEVICE` there is none.
   *
   * Implements: virNodeDeviceLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<NodeDevice> {
    const options = { object: { libvirtObject: toText('name', name) } }
    return new NodeDevice(
      this.#connection,
      await this.#connection.callWith(native.virNodeDeviceLookupByName, options, name),
    )
  }

  /**
   * A SCSI host by the names of its node and port.
   *
   * Errors: `VIR_ERR_NO_NODE_DEVICE` there is none.
   *
   * Implements: virNodeDeviceLookupSCSIHostByWWN.
   * @since 0.1.0
   */
  async scsiHostByWwn(wwnn: string, wwpn: string): Promise<NodeDevice> {
    const options = { object: { libvirtObject: toText('wwnn', wwnn) } }
    const port = toText('wwpn', wwpn)
    return new NodeDevice(
      this.#connection,
      await this.#connection.callWith(native.virNodeDeviceLookupSCSIHostByWWN, options, wwnn, port),
    )
  }

  /**
   * Makes a device of the host: an NPIV adapter or a mediated device.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_NO_NODE_DEVICE` its parent is not there.
   *
   * Implements: virNodeDeviceCreateXML.
   * @since 0.1.0
   */
  async create(xml: string, options?: ValidateOptions): Promise<NodeDevice> {
    const mask = validateFlag(options, validateBit)
    return new NodeDevice(
      this.#connection,
      await this.#connection.call(native.virNodeDeviceCreateXML, toText('xml', xml), mask),
    )
  }

  /**
   * Defines a mediated device.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_NO_SUPPORT` the host cannot do it.
   *
   * Implements: virNodeDeviceDefineXML.
   * @since 0.1.0
   */
  async define(xml: string, options?: ValidateOptions): Promise<NodeDevice> {
    const mask = validateFlag(options, validateBit)
    return new NodeDevice(
      this.#connection,
      await this.#connection.call(native.virNodeDeviceDefineXML, toText('xml', xml), mask),
    )
  }
}
