/** This file has the views of what several documents share: addresses, encryption, bandwidth, Ceph's sources. */

import { invalidArgType } from '../../../internal/validate.js'
import { type CephAuth, cephAuth, type Monitor, monitorHosts, readAuth, readMonitors } from '../fields.js'
import { bare, integer, line, token, uuid, word } from './codecs.js'
import { attr, list, made, put, removeAt } from './lenses.js'
import { insert, take, toPathOf } from './tree.js'
import { type Lens, viewOf } from './view.js'

/**
 * Where a device is for the guest: on a PCI bus, or as a drive of a controller.
 *
 * @since 0.1.0
 */
export class AddressXml extends viewOf(['address'], {
  type: attr('@type', token),
  domain: attr('@domain', integer(0, 0xffffffff)),
  bus: attr('@bus', integer(0, 0xffff)),
  slot: attr('@slot', integer(0, 0x1f)),
  function: attr('@function', integer(0, 7)),
  controller: attr('@controller', integer(0, 0xffffffff)),
  target: attr('@target', integer(0, 0xffffffff)),
  unit: attr('@unit', integer(0, 0xffffffff)),
  port: attr('@port', token),
}) {}

/**
 * A secret that opens an encrypted image, by its UUID or its usage.
 *
 * @since 0.1.0
 */
export class EncryptionSecretXml extends viewOf(['secret'], {
  type: attr('@type', word('passphrase')),
  uuid: attr('@uuid', uuid),
  usage: attr('@usage', line),
}) {}

/**
 * How an image is encrypted, and who opens it: QEMU, or librbd itself.
 *
 * @since 0.1.0
 */
export class EncryptionXml extends viewOf(['encryption'], {
  format: attr('@format', word('luks', 'luks2', 'luks-any', 'default', 'qcow')),
  engine: attr('@engine', word('qemu', 'librbd')),
  secrets: list('secret', EncryptionSecretXml),
}) {}

/** A property that stands in a text of its own sort: an object that is made from, and becomes, elements. */
export function auth(
  place: string,
  parent: 'disk' | 'pool',
  otherPlace?: string,
): Lens<CephAuth | undefined> {
  const paths = [place, ...(otherPlace === undefined ? [] : [otherPlace])].map(toPathOf)
  return {
    path: paths[0] ?? [],
    writable: true,
    get: (view) =>
      readAuth(paths.map((path) => view.element.find(...path)).find((found) => found !== undefined)),
    set(view, value) {
      const element = value === undefined ? undefined : cephAuth(value, parent)
      const path = paths.find((one) => view.element.find(...one) !== undefined) ?? paths[0] ?? []
      if (element === undefined) removeAt(view, path)
      else put(view, path, element)
    },
  }
}

/** The monitors in a `<source>`. */
export function monitors(): Lens<readonly Monitor[]> {
  return {
    path: ['source', 'host'],
    writable: true,
    get(view) {
      const source = view.element.find('source')
      return source === undefined ? [] : readMonitors(source)
    },
    set(view, value, what) {
      if (!Array.isArray(value)) throw invalidArgType(what, 'an instance of Array', value)
      const hosts = monitorHosts(value)
      const source = made(view, ['source'])
      for (const host of source.elements('host')) take(source, host)
      for (const host of hosts)
        insert(source, host, new Set(source.elements().map(({ name }) => name)), view.element)
    },
  }
}

/**
 * How fast a network interface may be: average and peak in KiB a second, burst in KiB.
 *
 * @since 0.1.0
 */
export class BandwidthXml extends viewOf(['bandwidth'], {
  inboundAverage: attr('inbound@average', integer()),
  inboundPeak: attr('inbound@peak', integer()),
  inboundBurst: attr('inbound@burst', integer()),
  outboundAverage: attr('outbound@average', integer()),
  outboundPeak: attr('outbound@peak', integer()),
  outboundBurst: attr('outbound@burst', integer()),
}) {}

/**
 * One address with its network's size.
 *
 * @since 0.1.0
 */
export class IpXml extends viewOf(['ip'], {
  family: attr('@family', word('ipv4', 'ipv6')),
  address: attr('@address', bare),
  prefix: attr('@prefix', integer(0, 128)),
  netmask: attr('@netmask', bare),
}) {}
