/** This file has the views of a domain's devices other than disks (libvirt: formatdomain, "Devices"). */

import { bare, host, integer, line, mac, onOff, path, token, uuid, word, yesNo } from './codecs.js'
import { AddressXml, BandwidthXml, IpXml } from './common.js'
import { attr, bytes, list, one, text, values } from './lenses.js'
import { viewOf } from './view.js'

/**
 * A network interface of a guest.
 *
 * @since 0.1.0
 */
export class InterfaceXml extends viewOf(['interface'], {
  type: attr(
    '@type',
    word(
      'network',
      'bridge',
      'user',
      'direct',
      'ethernet',
      'hostdev',
      'vhostuser',
      'vdpa',
      'internal',
      'client',
      'server',
      'mcast',
      'udp',
      'null',
      'vds',
      'bond',
      'vlan',
    ),
  ),
  mac: attr('mac@address', mac),
  network: attr('source@network', line),
  portgroup: attr('source@portgroup', line),
  bridge: attr('source@bridge', line),
  device: attr('source@dev', bare),
  mode: attr('source@mode', token),
  virtualPort: attr('virtualport@type', token),
  /** The host's end: `vnet0`. */
  target: attr('target@dev', bare),
  guestDevice: attr('guest@dev', bare),
  model: attr('model@type', token),
  driver: attr('driver@name', token),
  queues: attr('driver@queues', integer(1)),
  bandwidth: one('bandwidth', BandwidthXml),
  vlans: values('vlan/tag@id', integer(0, 4095)),
  filter: attr('filterref@filter', line),
  link: attr('link@state', word('up', 'down')),
  mtu: attr('mtu@size', integer(1)),
  isolated: attr('port@isolated', yesNo),
  bootOrder: attr('boot@order', integer(1)),
  addresses: list('ip', IpXml),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * A serial port, a console, a channel or a parallel port.
 *
 * @since 0.1.0
 */
export class CharacterDeviceXml extends viewOf(['serial', 'console', 'channel', 'parallel'], {
  type: attr('@type', token),
  path: attr('source@path', path),
  mode: attr('source@mode', word('bind', 'connect')),
  host: attr('source@host', host),
  service: attr('source@service', token),
  logFile: attr('log@file', path),
  targetType: attr('target@type', token),
  targetName: attr('target@name', line),
  port: attr('target@port', integer(0)),
  state: attr('target@state', word('connected', 'disconnected')),
  model: attr('target/model@name', token),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * A display. `password` is there only in a document that was asked for with `secure`.
 *
 * @since 0.1.0
 */
export class GraphicsXml extends viewOf(['graphics'], {
  type: attr('@type', word('vnc', 'spice', 'sdl', 'rdp', 'desktop', 'egl-headless', 'dbus')),
  /** -1 when libvirt is to take a free one. */
  port: attr('@port', integer(-1, 65_535)),
  tlsPort: attr('@tlsPort', integer(-1, 65_535)),
  autoport: attr('@autoport', yesNo),
  websocket: attr('@websocket', integer(-1, 65_535)),
  socket: attr('@socket', path),
  listen: attr('@listen', host),
  keymap: attr('@keymap', token),
  password: attr('@passwd', line),
  passwordValidTo: attr('@passwdValidTo', bare),
  listenType: attr('listen@type', word('address', 'network', 'socket', 'none')),
  listenAddress: attr('listen@address', host),
}) {}

/**
 * A controller: of disks, of USB, of PCI.
 *
 * @since 0.1.0
 */
export class ControllerXml extends viewOf(['controller'], {
  type: attr('@type', token),
  index: attr('@index', integer()),
  model: attr('@model', token),
  queues: attr('driver@queues', integer(1)),
  ioThread: attr('driver@iothread', integer(1)),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * A device of the host that the guest has.
 *
 * @since 0.1.0
 */
export class HostDeviceXml extends viewOf(['hostdev'], {
  mode: attr('@mode', word('subsystem', 'capabilities')),
  type: attr('@type', token),
  managed: attr('@managed', yesNo),
  vendor: attr('source/vendor@id', token),
  product: attr('source/product@id', token),
  source: one('source/address', AddressXml),
  sourceUuid: attr('source/address@uuid', uuid),
  bootOrder: attr('boot@order', integer(1)),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * A directory of the host that the guest mounts.
 *
 * @since 0.1.0
 */
export class FilesystemXml extends viewOf(['filesystem'], {
  type: attr('@type', token),
  accessMode: attr('@accessmode', word('passthrough', 'mapped', 'squash')),
  driver: attr('driver@type', token),
  directory: attr('source@dir', path),
  /** The tag that the guest mounts it by. */
  target: attr('target@dir', line),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * Memory that is plugged in beside what the guest begins with. Sizes in bytes.
 *
 * @since 0.1.0
 */
export class MemoryDeviceXml extends viewOf(['memory'], {
  model: attr('@model', token),
  size: bytes('target/size', 'KiB'),
  requested: bytes('target/requested', 'KiB'),
  node: text('target/node', integer()),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

const anyDevice = {
  type: attr('@type', token),
  model: attr('@model', token),
  bus: attr('@bus', token),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}

/**
 * A device of which libvirt knows more than has a property here; the rest is in `element`.
 *
 * @since 0.1.0
 */
export class DeviceXml extends viewOf(
  ['input', 'sound', 'audio', 'watchdog', 'tpm', 'redirdev', 'vsock', 'panic', 'iommu', 'smartcard', 'shmem'],
  anyDevice,
) {}

/**
 * A display adapter. Memory in KiB.
 *
 * @since 0.1.0
 */
export class VideoXml extends viewOf(['video'], {
  model: attr('model@type', token),
  vram: attr('model@vram', integer()),
  heads: attr('model@heads', integer(1)),
  primary: attr('model@primary', yesNo),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * A source of random numbers.
 *
 * @since 0.1.0
 */
export class RngXml extends viewOf(['rng'], {
  model: attr('@model', token),
  backendModel: attr('backend@model', token),
  backend: text('backend', line),
  /** Bytes in each period. */
  rateBytes: attr('rate@bytes', integer(1)),
  /** Milliseconds. */
  ratePeriod: attr('rate@period', integer(1)),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}

/**
 * The balloon that takes memory from a guest.
 *
 * @since 0.1.0
 */
export class MemballoonXml extends viewOf(['memballoon'], {
  model: attr('@model', token),
  autodeflate: attr('@autodeflate', onOff),
  freePageReporting: attr('@freePageReporting', onOff),
  /** Seconds between two statistics. */
  statsPeriod: attr('stats@period', integer()),
  alias: attr('alias@name', token),
  address: one('address', AddressXml),
}) {}
