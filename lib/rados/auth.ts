import { constants } from 'node:os'
import { type CallOptions, toCallSignal } from '../internal/call-options.js'
import { isKey } from '../internal/secrets.js'
import {
  invalidArgValue,
  invalidSecretType,
  toOneOf,
  toOptions,
  toRecord,
  toText,
} from '../internal/validate.js'
import type { Cluster } from './cluster.js'

/**
 * What a user may do, by daemon type: `{ mon: 'profile rbd', osd: 'profile rbd pool=vms' }`.
 *
 * @since 0.1.0
 */
export type Capabilities = Partial<Record<'mon' | 'osd' | 'mgr' | 'mds', string>>

/**
 * A user.
 *
 * @since 0.1.0
 */
export interface AuthEntity {
  /** The name with its type: `'client.libvirt'`. */
  entity: string
  caps: Capabilities
}

/**
 * A user with its key.
 *
 * @since 0.1.0
 */
export interface AuthKey extends AuthEntity {
  /** Base64. A secret: do not log it. */
  key: string
}

/**
 * A user as the monitors have it.
 *
 * @since 0.1.0
 */
export interface AuthUser extends AuthKey {
  /** The kind of its key; absent for one that this version does not know. */
  keyType?: KeyType
}

/**
 * How a user is made.
 *
 * @since 0.1.0
 */
export interface GetOrCreateOptions extends CallOptions {
  /**
   * The kind of key. Default: what the cluster prefers: `'aes256k'` on one that Ceph 20 made, which older clients
   * cannot read; `'aes'` before, and every release knows it.
   */
  keyType?: KeyType
}

/**
 * Kinds of keys, by Ceph's names.
 *
 * @since 0.1.0
 */
export type KeyType = 'aes' | 'aes256k'

/** The types of a CryptoKey, which begins with it. Source: Ceph's include/ceph_fs.h. */
const KEY_TYPES: Readonly<Record<number, KeyType>> = { 1: 'aes', 2: 'aes256k' }

function typeNumber(key: string): number {
  return Buffer.from(key, 'base64').readUInt16LE(0)
}

function typeOf(key: string): string {
  return KEY_TYPES[typeNumber(key)] ?? String(typeNumber(key))
}

/** The capabilities as the monitors' commands take them: type and text in turn. */
function toCapsList(caps: unknown): string[] {
  const given = toRecord('caps', caps as Capabilities)
  return Object.entries(given).flatMap(([type, cap]) => [type, toText(`caps.${type}`, cap)])
}

function toEntity(value: unknown): string {
  const entity = toText('entity', value)
  if (!/^[a-z]+\.\S+$/.test(entity))
    throw invalidArgValue('entity', "must be a type and an id, like 'client.libvirt'")
  return entity
}

/**
 * Users of the cluster and their keys: the `ceph auth` commands.
 *
 * @since 0.1.0
 */
export class Auth {
  readonly #cluster: Cluster

  /** @internal */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /**
   * Gives the user's key, creating the user if there is none.
   *
   * Errors: `EINVAL` the user exists with other capabilities, a capability does not parse, or the cluster does not
   * allow that kind of key; `EACCES`; `EEXIST` the user has a key of another kind; `EOPNOTSUPP` the monitors are of a
   * release that does not know that kind.
   *
   * Implements: the monitor command `auth get-or-create`.
   * @since 0.1.0
   */
  async getOrCreate(
    entity: string,
    caps: Capabilities = {},
    options: GetOrCreateOptions = {},
  ): Promise<AuthKey> {
    const { keyType, signal } = toOptions('options', options, { keyType: ['key_type'], signal: true })
    if (keyType !== undefined) toOneOf('options.keyType', keyType, ['aes', 'aes256k'])
    const list = toCapsList(caps)
    const command = {
      prefix: 'auth get-or-create',
      entity: toEntity(entity),
      ...(list.length > 0 ? { caps: list } : {}),
      ...(await this.#keyTypeArgument(keyType)),
    }
    const answer = await this.#cluster.monitorCommand<AuthKey[]>(command, { signal })
    const found = answer[0]
    if (found === undefined) throw new Error('auth get-or-create gave no user')
    if (keyType !== undefined && typeOf(found.key) !== keyType) {
      const type = typeOf(found.key)
      throw this.#error(
        constants.errno.EEXIST,
        `'${found.entity}' has a key of type ${type} already: 'ceph auth rotate ${found.entity} --key-type ${keyType}' changes it`,
      )
    }
    // On creation the answer leaves the capabilities out.
    return { entity: found.entity, key: found.key, caps: found.caps ?? { ...caps } }
  }

  /** The argument that asks for a kind of key, where the monitors have one: older ones make `aes` only. */
  async #keyTypeArgument(keyType: KeyType | undefined): Promise<{ key_type?: KeyType }> {
    if (keyType === undefined) return {}
    const commands = await this.#cluster.monitorCommand<Record<string, { sig: unknown[] }>>({
      prefix: 'get_command_descriptions',
    })
    const known = Object.values(commands).some(
      ({ sig }) => sig[1] === 'get-or-create' && JSON.stringify(sig).includes('"key_type"'),
    )
    if (known) return { key_type: keyType }
    if (keyType === 'aes') return {}
    throw this.#error(
      constants.errno.EOPNOTSUPP,
      `the monitors are of a release that makes keys of type aes only; ${keyType} came with Ceph 20`,
    )
  }

  #error(errno: number, detail: string): Error {
    return this.#cluster.makeError(-errno, 'rados_mon_command', detail)
  }

  /**
   * The key of a user, in base64: what `virSecretSetValue` needs, decoded.
   *
   * Errors: `ENOENT` no such user; `EACCES`.
   *
   * Implements: the monitor command `auth get-key`.
   * @since 0.1.0
   */
  async getKey(entity: string, options?: CallOptions): Promise<string> {
    const command = { prefix: 'auth get-key', entity: toEntity(entity) }
    const answer = await this.#cluster.monitorCommand<{ key: string }>(command, {
      signal: toCallSignal(options),
    })
    return answer.key
  }

  /**
   * A user with its key and capabilities. It is not made if there is none.
   *
   * Errors: `ENOENT` no such user; `EACCES`.
   *
   * Implements: the monitor command `auth get`.
   * @since 0.1.0
   */
  async get(entity: string, options?: CallOptions): Promise<AuthUser> {
    const command = { prefix: 'auth get', entity: toEntity(entity) }
    const answer = await this.#cluster.monitorCommand<AuthKey[]>(command, { signal: toCallSignal(options) })
    const found = answer[0]
    if (found === undefined) throw new Error('auth get gave no user')
    const keyType = KEY_TYPES[typeNumber(found.key)]
    const { key, caps } = found
    return { entity: found.entity, key, caps: caps ?? {}, ...(keyType === undefined ? {} : { keyType }) }
  }

  /**
   * Gives a user these capabilities and no others; its key stays. A client that is connected has what it had until it connects
   * anew.
   *
   * Errors: `ENOENT` no such user; `EINVAL` a capability does not parse; `EACCES`.
   *
   * Implements: the monitor command `auth caps`.
   * @since 0.1.0
   */
  async setCaps(entity: string, caps: Capabilities, options?: CallOptions): Promise<void> {
    const command = { prefix: 'auth caps', entity: toEntity(entity), caps: toCapsList(caps) }
    await this.#cluster.monitorCommand(command, { signal: toCallSignal(options), format: 'text' })
  }

  /**
   * Makes a user with this key and these capabilities, or gives them to one that there is; `keyType` is what the key says.
   * Clients that are connected by
   * its old key stay so until they must prove who they are again: when their monitor goes away, at the latest when their
   * ticket ends (`auth_mon_ticket_ttl`).
   *
   * Errors: `EINVAL` no capabilities, or one does not parse; `EACCES`.
   *
   * Implements: the monitor command `auth import`.
   * @since 0.1.0
   */
  async import(user: AuthUser, options?: CallOptions): Promise<void> {
    const known = { entity: ['name'], key: ['secret'], caps: ['capabilities'], keyType: true } as const
    const { entity, key, caps } = toOptions('user', user, known)
    const name = toEntity(entity)
    if (typeof key !== 'string') throw invalidSecretType('user.key', 'of type string', key)
    if (!isKey(key)) throw invalidArgValue('user.key', 'is not a Ceph key in base64')
    const list = toCapsList(caps)
    const lines = [`[${name}]`, `key = ${key}`]
    for (let i = 0; i < list.length; i += 2) {
      const [type = '', cap = ''] = list.slice(i, i + 2)
      if (/\p{Cc}/u.test(cap) || !/^[a-z]+$/.test(type))
        throw invalidArgValue(`user.caps.${type}`, 'cannot be written into a keyring')
      lines.push(`caps ${type} = "${cap.replaceAll(/["\\]/g, '\\$&')}"`)
    }
    const input = Buffer.from(`${lines.join('\n')}\n`)
    const command = { prefix: 'auth import' }
    try {
      await this.#cluster.monitorCommand(command, { input, signal: toCallSignal(options), format: 'text' })
    } finally {
      input.fill(0)
    }
  }

  /**
   * All users, without their keys.
   *
   * Implements: the monitor command `auth ls`.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<AuthEntity[]> {
    const { auth_dump } = await this.#cluster.monitorCommand<{ auth_dump: AuthKey[] }>(
      { prefix: 'auth ls' },
      { signal: toCallSignal(options) },
    )
    return auth_dump.map(({ entity, caps }) => ({ entity, caps }))
  }

  /**
   * Removes a user. Removing one that does not exist is no error, as in Ceph.
   *
   * Implements: the monitor command `auth rm`.
   * @since 0.1.0
   */
  async remove(entity: string, options?: CallOptions): Promise<void> {
    await this.#cluster.monitorCommand(
      { prefix: 'auth rm', entity: toEntity(entity) },
      { signal: toCallSignal(options), format: 'text' },
    )
  }
}
