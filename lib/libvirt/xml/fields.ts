/** This file checks the values that go into libvirt documents, and makes elements that several documents share. */

import { isIP } from 'node:net'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  outOfRange,
  toOneOf,
  toOptions,
  toText,
} from '../../internal/validate.js'
import { XmlElement } from './element.js'
import { XmlError } from './parse.js'

/**
 * A monitor's address, as `cluster.monitors()` gives it. An IPv6 address may be in brackets.
 *
 * @since 0.1.0
 */
export interface Monitor {
  readonly host: string
  /** 1 to 65535; absent: Ceph's own ports, 3300 and 6789. */
  readonly port?: number | undefined
  /** The messenger's version. libvirt has no place for it: Ceph tells it by the port, or tries both. */
  readonly type?: 'v1' | 'v2' | undefined
}

/**
 * A secret that libvirt knows: its UUID (a `Secret` fits too), or the usage name it was defined with.
 *
 * @since 0.1.0
 */
export type SecretReference = string | { readonly uuid: string } | { readonly usage: string }

/**
 * Who a client is to Ceph.
 *
 * @since 0.1.0
 */
export interface CephAuth {
  /** The user's id, `libvirt` for `client.libvirt`. */
  readonly username: string
  readonly secret: SecretReference
}

/** Text of one line: no control character. */
export function toLine(name: string, value: unknown): string {
  const text = toText(name, value)
  if (/\p{Cc}/u.test(text)) throw invalidArgValue(name, 'must not contain control characters')
  return text
}

/** A name of libvirt's own: domain, storage pool, network, secret usage. */
export function toObjectName(name: string, value: unknown): string {
  const text = toLine(name, value)
  if (text.includes('/')) throw invalidArgValue(name, "must not contain '/'")
  return text
}

/**
 * The name of a Ceph pool, namespace, image or snapshot. libvirt and QEMU join and split these with `/ @ : = ,` and
 * escape with `\`: a name that holds one of them could open another image, or set an option.
 */
export function toRbdName(name: string, value: unknown): string {
  const text = toLine(name, value)
  if (/[/@:=,\\]/.test(text)) {
    throw invalidArgValue(name, "must not contain '/', '@', ':', '=', ',' or '\\' in a libvirt document")
  }
  return text
}

/** A volume's name; in a directory pool it is also a file's. */
export function toVolumeName(name: string, value: unknown): string {
  const text = toRbdName(name, value)
  if (text === '.' || text === '..') throw invalidArgValue(name, 'must not be a directory')
  return text
}

/** A word of libvirt's: machine type, architecture, model. */
export function toToken(name: string, value: unknown): string {
  const text = toText(name, value)
  if (!/^[\w.+-]+$/.test(text))
    throw invalidArgValue(name, "must consist of letters, digits, '_', '.', '+' and '-'")
  return text
}

/** An absolute path on the host of libvirtd. */
export function toPath(name: string, value: unknown): string {
  const text = toLine(name, value)
  if (!/^\/./.test(text)) throw invalidArgValue(name, 'must be an absolute path')
  return text
}

/** Checks a UUID, with or without hyphens, as libvirt reads it. */
export function toUuid(name: string, value: unknown): string {
  const text = toText(name, value)
  if (!/^(?:[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i.test(text)) {
    throw invalidArgValue(name, 'must be a UUID')
  }
  return text
}

/** An integer within bounds. */
export function toInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value)
  }
  return value
}

/** A host's name or address, an IPv6 one without brackets: libvirt and QEMU add their own. */
export function toHost(name: string, value: unknown): string {
  const text = toText(name, value)
  const bare = /^\[(.*)\]$/.exec(text)?.[1]
  if (bare !== undefined) {
    if (isIP(bare) === 6 && !bare.includes('%')) return bare
  } else if (/^[A-Za-z\d][A-Za-z\d.-]*$/.test(text) || (isIP(text) === 6 && !text.includes('%'))) {
    return text
  }
  throw invalidArgValue(name, 'must be a host name, an IPv4 or an IPv6 address')
}

/** An object that must be there, with none but `known` fields. */
export function toObject<T extends object>(name: string, value: T, known: Known<NoInfer<T>>): T {
  if (value === undefined) throw invalidArgType(name, 'of type object', value)
  return toOptions(name, value, known) as T
}

/** A list; `undefined` counts as an empty one. */
export function toList<T>(name: string, value: readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalidArgType(name, 'an instance of Array', value)
  return value
}

/** `name`: what `cluster.monitors()` gives besides. */
const monitorFields: Known<Monitor & { name?: string }> = {
  host: ['address'],
  port: true,
  type: true,
  name: true,
}

/** One `<host>` for each address, doubles dropped. */
export function monitorHosts(monitors: readonly Monitor[] | undefined): XmlElement[] {
  const hosts = new Map<string, XmlElement>()
  for (const monitor of toList('monitors', monitors)) {
    const { host, port: given } = toObject('monitors', monitor, monitorFields)
    const name = toHost('monitors.host', host)
    const port = given === undefined ? undefined : toInteger('monitors.port', given, 1, 65535)
    hosts.set(`${name} ${port}`, new XmlElement('host', { name, port }))
  }
  return [...hosts.values()]
}

/** `<auth>` of a disk or of a pool; they differ in where `type='ceph'` stands. */
export function cephAuth(auth: CephAuth, parent: 'disk' | 'pool'): XmlElement {
  const username = toLine(
    'auth.username',
    toObject('auth', auth, { username: ['id', 'user', 'name'], secret: true }).username,
  )
  if (username.startsWith('client.')) {
    throw invalidArgValue('auth.username', "must be the user's id, without 'client.'")
  }
  const key = secretKey('auth.secret', auth.secret)
  return parent === 'disk'
    ? new XmlElement('auth', { username }, [new XmlElement('secret', { type: 'ceph', ...key })])
    : new XmlElement('auth', { type: 'ceph', username }, [new XmlElement('secret', key)])
}

/**
 * How an encrypted image is opened: by librbd itself, which knows clones with keys of their own, or by QEMU.
 *
 * @since 0.1.0
 */
export interface DiskEncryption {
  /** `luks-any`, with librbd: whichever the image has; libvirt 9.3 or newer. */
  readonly format: 'luks' | 'luks2' | 'luks-any'
  /** Default `librbd`, whose disks libvirt 9.0 does not plug into a domain that runs. */
  readonly engine?: 'librbd' | 'qemu' | undefined
  /** The secret with the passphrase; for a clone with a key of its own also its parents' (libvirt 9.3 or newer). */
  readonly secrets: readonly SecretReference[]
}

const encryptionFields: Known<DiskEncryption> = { format: true, engine: true, secrets: ['secret', 'key'] }

/** By which attribute a secret is named. */
function secretKey(name: string, secret: SecretReference): { uuid: string } | { usage: string } {
  const reference = typeof secret === 'string' ? { uuid: secret } : secret
  if (typeof reference !== 'object' || reference === null) {
    throw invalidArgType(name, 'of type string or object', reference)
  }
  return 'uuid' in reference
    ? { uuid: toUuid(name, reference.uuid) }
    : { usage: toObjectName(`${name}.usage`, reference.usage) }
}

/** `<encryption>` of a disk's `<source>`. */
export function encryptionElement(options: DiskEncryption): XmlElement {
  const { format, engine = 'librbd', secrets } = toObject('encryption', options, encryptionFields)
  const opener = toOneOf('encryption.engine', engine, ['librbd', 'qemu'])
  const all = toList('encryption.secrets', secrets)
  if (all.length === 0) throw invalidArgValue('encryption.secrets', 'must name a secret')
  if (opener === 'qemu' && (format === 'luks-any' || all.length > 1))
    throw invalidArgValue('encryption.engine', "must be 'librbd' for 'luks-any' or several secrets")
  return new XmlElement(
    'encryption',
    { format: toOneOf('encryption.format', format, ['luks', 'luks2', 'luks-any']), engine: opener },
    all.map(
      (secret) =>
        new XmlElement('secret', { type: 'passphrase', ...secretKey('encryption.secrets', secret) }),
    ),
  )
}

/** The encryption of a `<source>`, if it is one that {@link encryptionElement} makes. */
export function readEncryption(source: XmlElement): DiskEncryption | undefined {
  const element = source.find('encryption')
  const format = (['luks', 'luks2', 'luks-any'] as const).find((one) => one === element?.attribute('format'))
  if (element === undefined || format === undefined) return undefined
  const secrets = element.elements('secret').flatMap((secret): SecretReference[] => {
    const [uuid, usage] = [secret.attribute('uuid'), secret.attribute('usage')]
    if (uuid !== undefined) return [{ uuid }]
    return usage === undefined ? [] : [{ usage }]
  })
  return { format, engine: element.attribute('engine') === 'librbd' ? 'librbd' : 'qemu', secrets }
}

/** An element that only holds text. */
export function textElement(name: string, text: string | number | bigint): XmlElement {
  return new XmlElement(name, {}, [String(text)])
}

/** A number of a document, decimal or as `0x1f`; `what` is what the error calls it. */
export function readInteger(what: string, text: string, min: number, max: number): number
export function readInteger(
  what: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined
export function readInteger(
  what: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = /^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new XmlError(`${what} is not a number from ${min} to ${max}`)
}

/** The monitors of a `<source>`. */
export function readMonitors(source: XmlElement): Monitor[] {
  return source.elements('host').map((host) => {
    const port = readInteger("A monitor's port", host.attribute('port'), 1, 65_535)
    return { host: host.attribute('name') ?? '', ...(port === undefined ? {} : { port }) }
  })
}

/** The user of an `<auth>`, if there is one and it names its secret. */
export function readAuth(auth: XmlElement | undefined): CephAuth | undefined {
  const username = auth?.attribute('username')
  const secret = auth?.find('secret')
  const uuid = secret?.attribute('uuid')
  const usage = secret?.attribute('usage')
  if (username === undefined) return undefined
  if (uuid !== undefined) return { username, secret: { uuid } }
  return usage === undefined ? undefined : { username, secret: { usage } }
}

/** The object without its `undefined` entries. */
export function defined<T extends object>(entries: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
