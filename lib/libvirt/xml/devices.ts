/** This file builds the devices of a domain document other than its disks (libvirt: formatdomain, "Devices"). */

import { invalidArgValue, type Known, toOneOf, toText } from '../../internal/validate.js'
import { XmlElement } from './element.js'
import { toHost, toInteger, toObject, toObjectName, toPath, toToken } from './fields.js'

/**
 * A network interface: on a bridge of the host, on a network of libvirt's, or `user` (QEMU's own NAT, no rights needed).
 *
 * @since 0.1.0
 */
export type DomainInterface = (
  | { readonly type: 'bridge'; readonly bridge: string }
  | { readonly type: 'network'; readonly network: string }
  | { readonly type: 'user' }
) & {
  /** Absent: libvirt makes one. */
  readonly mac?: string | undefined
  /** Default `virtio`. */
  readonly model?: string | undefined
}

/**
 * Where the first serial port goes. `file` is emptied at each start; `unix` is a socket QEMU listens on.
 *
 * @since 0.1.0
 */
export type DomainSerial =
  | { readonly type: 'pty' }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'unix'; readonly path: string }

/**
 * A VNC display.
 *
 * @since 0.1.0
 */
export interface DomainGraphics {
  readonly type: 'vnc'
  /** Default `127.0.0.1`: VNC is neither encrypted nor, without a password, closed. */
  readonly listen?: string | undefined
  /** 5900 to 65535. Absent: libvirt takes a free one. */
  readonly port?: number | undefined
}

function toMac(value: string): string {
  const text = toText('interfaces.mac', value)
  // An odd first octet is a group's address.
  if (!/^[\da-f][02468ace](?::[\da-f]{2}){5}$/i.test(text))
    throw invalidArgValue('interfaces.mac', 'must be a unicast MAC address')
  return text
}

function interfaceSource(options: DomainInterface): XmlElement | undefined {
  if (options.type === 'user') return undefined
  if (options.type === 'network') {
    return new XmlElement('source', { network: toObjectName('interfaces.network', options.network) })
  }
  const bridge = toText('interfaces.bridge', options.bridge)
  if (!/^[\w.:-]{1,15}$/.test(bridge))
    throw invalidArgValue('interfaces.bridge', "must be a network device's name")
  return new XmlElement('source', { bridge })
}

type Fields<T extends { type: string }> = { readonly [K in T['type']]: Known<Extract<T, { type: K }>> }

const anyInterface = { type: true, mac: ['address'], model: true } as const
const interfaceFields: Fields<DomainInterface> = {
  bridge: { ...anyInterface, bridge: ['source'] },
  network: { ...anyInterface, network: ['source'] },
  user: anyInterface,
}
const serialFields: Fields<DomainSerial> = {
  pty: { type: true },
  file: { type: true, path: ['file'] },
  unix: { type: true, path: ['file', 'socket'] },
}

/** `<interface>`. */
export function interfaceElement(options: DomainInterface): XmlElement {
  const type = toOneOf('interfaces.type', options?.type, ['bridge', 'network', 'user'])
  toObject('interfaces', options, interfaceFields[type])
  const { mac, model = 'virtio' } = options
  return new XmlElement('interface', { type }, [
    mac === undefined ? undefined : new XmlElement('mac', { address: toMac(mac) }),
    interfaceSource(options),
    new XmlElement('model', { type: toToken('interfaces.model', model) }),
  ])
}

/** `<serial>`; libvirt adds the `<console>` that belongs to it. */
export function serialElement(options: DomainSerial): XmlElement {
  const type = toOneOf('serial.type', options?.type, ['pty', 'file', 'unix'])
  toObject('serial', options, serialFields[type])
  const source =
    options.type === 'pty'
      ? undefined
      : new XmlElement('source', {
          mode: options.type === 'unix' ? 'bind' : undefined,
          path: toPath('serial.path', options.path),
        })
  return new XmlElement('serial', { type }, [source, new XmlElement('target', { port: 0 })])
}

/** `<graphics>`. */
export function graphicsElement(options: DomainGraphics): XmlElement {
  const type = toOneOf(
    'graphics.type',
    toObject('graphics', options, { type: true, listen: ['host', 'address'], port: true }).type,
    ['vnc'],
  )
  const listen = toHost('graphics.listen', options.listen ?? '127.0.0.1')
  const port =
    options.port === undefined
      ? { port: -1, autoport: 'yes' }
      : { port: toInteger('graphics.port', options.port, 5900, 65_535), autoport: 'no' }
  return new XmlElement('graphics', { type, ...port, listen }, [
    new XmlElement('listen', { type: 'address', address: listen }),
  ])
}

/** The channel that `qemu-guest-agent` in the guest opens. */
export function guestAgentElement(): XmlElement {
  return new XmlElement('channel', { type: 'unix' }, [
    new XmlElement('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' }),
  ])
}

/** `<rng>`. */
export function rngElement(): XmlElement {
  return new XmlElement('rng', { model: 'virtio' }, [
    new XmlElement('backend', { model: 'random' }, ['/dev/urandom']),
  ])
}
