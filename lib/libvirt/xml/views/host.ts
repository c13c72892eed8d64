/** This file has the views of what a host tells: capabilities, networks, devices (libvirt: formatcaps, formatnetwork). */

import { bare, integer, line, mac, name, path, token, uuid, word, yesNo } from './codecs.js'
import { BandwidthXml } from './common.js'
import { attr, bytes, flag, list, one, text, values } from './lenses.js'
import { viewOf } from './view.js'

/**
 * A NUMA cell of a host. Memory in bytes.
 *
 * @since 0.1.0
 */
export class CellXml extends viewOf(['cell'], {
  id: attr('@id', integer()),
  memory: bytes('memory', 'KiB'),
  cpus: values('cpus/cpu@id', integer()),
}) {}

/**
 * A kind of guest that a host can run.
 *
 * @since 0.1.0
 */
export class GuestXml extends viewOf(['guest'], {
  osType: text('os_type', token),
  arch: attr('arch@name', token),
  wordSize: text('arch/wordsize', integer()),
  emulator: text('arch/emulator', path),
  machines: values('arch/machine', token),
  /** `qemu`, `kvm`. */
  domainTypes: values('arch/domain@type', token),
}) {}

/**
 * What a host has, and which guests it can run: `connection.host.capabilities()`.
 *
 * @since 0.1.0
 */
export class CapabilitiesXml extends viewOf(['capabilities'], {
  uuid: text('host/uuid', uuid),
  arch: text('host/cpu/arch', token),
  cpuModel: text('host/cpu/model', token),
  cpuVendor: text('host/cpu/vendor', token),
  sockets: attr('host/cpu/topology@sockets', integer()),
  cores: attr('host/cpu/topology@cores', integer()),
  threads: attr('host/cpu/topology@threads', integer()),
  liveMigration: flag('host/migration_features/live'),
  migrationTransports: values('host/migration_features/uri_transports/uri_transport', token),
  cells: list('host/topology/cells/cell', CellXml),
  securityModels: values('host/secmodel/model', token),
  guests: list('guest', GuestXml),
}) {}

/**
 * A device in the capabilities of a domain: whether there is one, and the values of each of its choices.
 *
 * @since 0.1.0
 */
export class ChoicesXml extends viewOf(
  ['disk', 'graphics', 'video', 'hostdev', 'rng', 'filesystem', 'tpm', 'redirdev', 'channel', 'loader', 'os'],
  { supported: attr('@supported', yesNo) },
) {
  /** The values of a choice, as `values('bus')` of a disk; empty if there is no such choice. */
  values(choice: string): string[] {
    const found = this.element.elements('enum').find((element) => element.attribute('name') === choice)
    return (found?.elements('value') ?? []).map((value) => value.text)
  }
}

/**
 * What a domain may have with one emulator and machine: `connection.host.domainCapabilities()`.
 *
 * @since 0.1.0
 */
export class DomainCapabilitiesXml extends viewOf(['domainCapabilities'], {
  emulator: text('path', path),
  domainType: text('domain', token),
  machine: text('machine', token),
  arch: text('arch', token),
  maxVcpus: attr('vcpu@max', integer()),
  ioThreads: attr('iothreads@supported', yesNo),
  os: one('os', ChoicesXml),
  loader: one('os/loader', ChoicesXml),
  disk: one('devices/disk', ChoicesXml),
  graphics: one('devices/graphics', ChoicesXml),
  video: one('devices/video', ChoicesXml),
  hostDevice: one('devices/hostdev', ChoicesXml),
  rng: one('devices/rng', ChoicesXml),
  filesystem: one('devices/filesystem', ChoicesXml),
  tpm: one('devices/tpm', ChoicesXml),
  genid: attr('features/genid@supported', yesNo),
  backup: attr('features/backup@supported', yesNo),
  sev: attr('features/sev@supported', yesNo),
}) {}

/**
 * A name in a network: the host that has this MAC address, or id, gets this address.
 *
 * @since 0.1.0
 */
export class DhcpHostXml extends viewOf(['host'], {
  mac: attr('@mac', mac),
  id: attr('@id', line),
  name: attr('@name', line),
  address: attr('@ip', bare),
}) {}

/**
 * Addresses that DHCP gives out.
 *
 * @since 0.1.0
 */
export class DhcpRangeXml extends viewOf(['range'], {
  start: attr('@start', bare),
  end: attr('@end', bare),
}) {}

/**
 * The host's address in a network, and what DHCP gives out there.
 *
 * @since 0.1.0
 */
export class NetworkIpXml extends viewOf(['ip'], {
  family: attr('@family', word('ipv4', 'ipv6')),
  address: attr('@address', bare),
  netmask: attr('@netmask', bare),
  prefix: attr('@prefix', integer(0, 128)),
  ranges: list('dhcp/range', DhcpRangeXml),
  hosts: list('dhcp/host', DhcpHostXml),
  tftpRoot: attr('tftp@root', path),
  bootFile: attr('dhcp/bootp@file', line),
}) {}

/**
 * A virtual network's document.
 *
 * @since 0.1.0
 */
export class NetworkXml extends viewOf(['network'], {
  ipv6: attr('@ipv6', yesNo),
  name: text('name', name),
  uuid: text('uuid', uuid),
  title: text('title', line),
  forward: attr(
    'forward@mode',
    word('nat', 'route', 'open', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev'),
  ),
  forwardDevice: attr('forward@dev', bare),
  bridge: attr('bridge@name', bare),
  stp: attr('bridge@stp', word('on', 'off')),
  /** Seconds. */
  bridgeDelay: attr('bridge@delay', integer()),
  mtu: attr('mtu@size', integer(1)),
  mac: attr('mac@address', mac),
  domain: attr('domain@name', line),
  bandwidth: one('bandwidth', BandwidthXml),
  addresses: list('ip', NetworkIpXml),
  dnsmasqOptions: values('dnsmasq:options/dnsmasq:option@value', line),
}) {}

/**
 * A device of a host: `pci_0000_00_1f_2`. Which of the properties it has is a matter of `capability`.
 *
 * @since 0.1.0
 */
export class NodeDeviceXml extends viewOf(['device'], {
  name: text('name', line),
  path: text('path', path),
  parent: text('parent', line),
  driver: text('driver/name', token),
  /** `pci`, `usb_device`, `net`, `storage`, `scsi`, `mdev` and others. */
  capability: attr('capability@type', token),
  vendor: text('capability/vendor', line),
  product: text('capability/product', line),
  vendorId: attr('capability/vendor@id', token),
  productId: attr('capability/product@id', token),
  class: text('capability/class', token),
  domain: text('capability/domain', integer()),
  /** A number of PCI and USB devices, a name of storage (`ata`). */
  bus: text('capability/bus', token),
  slot: text('capability/slot', integer()),
  function: text('capability/function', integer()),
  iommuGroup: attr('capability/iommuGroup@number', integer()),
  interface: text('capability/interface', line),
  address: text('capability/address', line),
  block: text('capability/block', path),
  serial: text('capability/serial', line),
  size: bytes('capability/size', 'bytes'),
}) {}
