import { invalidArgValue, toRecord, toText } from '../internal/validate.js'
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
  /** With its type: `'client.libvirt'`. */
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
   * Errors: `EINVAL` the user exists with other capabilities, or a capability does not parse; `EACCES`.
   *
   * Implements: the monitor command `auth get-or-create`.
   * @since 0.1.0
   */
  async getOrCreate(entity: string, caps: Capabilities = {}): Promise<AuthKey> {
    const list: string[] = []
    for (const [type, cap] of Object.entries(toRecord('caps', caps)))
      list.push(type, toText(`caps.${type}`, cap))
    const answer = await this.#cluster.monitorCommand<AuthKey[]>({
      prefix: 'auth get-or-create',
      entity: toEntity(entity),
      ...(list.length > 0 ? { caps: list } : {}),
    })
    const found = answer[0]
    if (found === undefined) throw new Error('auth get-or-create gave no user')
    // On creation the answer leaves the capabilities out.
    return { entity: found.entity, key: found.key, caps: found.caps ?? { ...caps } }
  }

  /**
   * The key of a user, in base64: what `virSecretSetValue` needs, decoded.
   *
   * Errors: `ENOENT` no such user; `EACCES`.
   *
   * Implements: the monitor command `auth get-key`.
   * @since 0.1.0
   */
  async getKey(entity: string): Promise<string> {
    const answer = await this.#cluster.monitorCommand<{ key: string }>({
      prefix: 'auth get-key',
      entity: toEntity(entity),
    })
    return answer.key
  }

  /**
   * All users, without their keys.
   *
   * Implements: the monitor command `auth ls`.
   * @since 0.1.0
   */
  async list(): Promise<AuthEntity[]> {
    const { auth_dump } = await this.#cluster.monitorCommand<{ auth_dump: AuthKey[] }>({ prefix: 'auth ls' })
    return auth_dump.map(({ entity, caps }) => ({ entity, caps }))
  }

  /**
   * Removes a user. Removing one that does not exist is no error, as in Ceph.
   *
   * Implements: the monitor command `auth rm`.
   * @since 0.1.0
   */
  async remove(entity: string): Promise<void> {
    await this.#cluster.monitorCommand({ prefix: 'auth rm', entity: toEntity(entity) }, { format: 'text' })
  }
}
