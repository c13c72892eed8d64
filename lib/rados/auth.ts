import { constants } from 'node:os'
import { type CallOptions, toCallSignal } from '../internal/call-options.js'
import { invalidArgValue, toOneOf, toOptions, toRecord, toText } from '../internal/validate.js'
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

function typeOf(key: string): string {
  const type = Buffer.from(key, 'base64').readUInt16LE(0)
  return KEY_TYPES[type] ?? String(type)
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
    const list: string[] = []
    for (const [type, cap] of Object.entries(toRecord('caps', caps)))
      list.push(type, toText(`caps.${type}`, cap))
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
