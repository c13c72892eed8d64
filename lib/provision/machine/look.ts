/** This file looks whether a machine can be made, before anything is made. */

import { randomUUID } from 'node:crypto'
import { type AuthUser, type Cluster, Image, type Monitor } from '../../index.js'
import { type Connection, type Secret, xml } from '../../libvirt/index.js'
import { ProvisionError, type ProvisionErrorCode } from '../errors.js'
import { orNone } from '../libvirt/none.js'
import { recordKeys } from '../libvirt/target.js'
import { isCode, Records } from '../record.js'
import { untilAborted } from '../steps.js'
import { checkAccess } from './access.js'
import { type Ground, hostKind } from './document.js'
import { spec } from './images.js'
import type { Parent, Plan, PlannedDisk } from './options.js'
import type { OpenPools } from './pools.js'
import { holdersOf, writersOf } from './users.js'

function refused(code: ProvisionErrorCode, step: string, message: string): ProvisionError {
  return new ProvisionError(code, 'createMachine', `${message}. Nothing was changed`, { step })
}

/** Looks at all that a machine needs, for one call. */
export class Look {
  readonly #cluster: Cluster
  readonly #connection: Connection
  readonly #pools: OpenPools
  readonly #plan: Plan
  readonly #signal: AbortSignal | undefined

  constructor(
    cluster: Cluster,
    connection: Connection,
    pools: OpenPools,
    plan: Plan,
    signal: AbortSignal | undefined,
  ) {
    this.#cluster = cluster
    this.#connection = connection
    this.#pools = pools
    this.#plan = plan
    this.#signal = signal
  }

  /** Rejects when the machine could not be made; gives what its document needs to know. */
  async all(): Promise<Ground> {
    const { disks } = this.#plan
    await this.#host()
    const user = await this.#user()
    const secret = await this.#secret(user)
    const parents = disks.flatMap(({ of }) => (typeof of === 'object' && 'parent' in of ? [of.parent] : []))
    const written = new Set(disks.filter(({ of }) => of !== 'there').map(({ pool }) => pool))
    await this.#space(written)
    const writers = await untilAborted(writersOf(this.#connection), this.#signal)
    for (const disk of disks) await this.#disk(disk, writers)
    for (const parent of parents) await this.#parent(parent)
    const monitors: Monitor[] = await this.#cluster.monitors({ signal: this.#signal })
    const pools = new Set(
      disks.filter(({ device, of }) => device === 'disk' || of !== 'there').map(({ pool }) => pool),
    )
    await checkAccess(user, monitors, [...pools], parents, this.#signal)
    const kind = await untilAborted(hostKind(this.#connection), this.#signal)
    return { ...kind, uuid: randomUUID(), monitors, secret: secret.uuid }
  }

  /** The name is free, and the networks are there. */
  async #host(): Promise<void> {
    const { name, networks, start } = this.#plan
    const found = orNone(this.#connection.domainByName(name), 'VIR_ERR_NO_DOMAIN')
    if ((await untilAborted(found, this.#signal)) !== undefined)
      throw refused('ERR_RBDKIT_EXISTS', 'domain', `there is a machine '${name}' already`)
    for (const one of networks) {
      if (one.type !== 'network') continue
      const looked = orNone(this.#connection.networks.byName(one.network), 'VIR_ERR_NO_NETWORK')
      const network = await untilAborted(looked, this.#signal)
      if (network === undefined)
        throw refused(
          'ERR_RBDKIT_MISSING',
          'domain',
          `libvirt has no network '${one.network}'; 'networks' says which to use, and [] is none`,
        )
      if (start && !(await untilAborted(network.isActive(), this.#signal)))
        throw refused('ERR_RBDKIT_MISSING', 'domain', `the network '${one.network}' is not started`)
    }
  }

  async #user(): Promise<AuthUser> {
    const entity = `client.${this.#plan.user}`
    try {
      return await this.#cluster.auth.get(entity, { signal: this.#signal })
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
      throw refused('ERR_RBDKIT_MISSING', 'user', `there is no user ${entity}; prepareLibvirt() makes it`)
    }
  }

  /** By the usage that `prepareLibvirt()` has written down, or by its default. */
  async #secret(user: AuthUser): Promise<Secret> {
    const { entity, key } = user
    const { pool } = this.#plan.disks[0] as PlannedDisk
    const host = await untilAborted(this.#connection.hostname(), this.#signal)
    const records = new Records(this.#cluster, pool)
    let usage = `${entity} secret`
    try {
      const { host: record } = recordKeys(entity, host)
      await records.load([record], this.#signal)
      usage = records.get(record).made.secret ?? usage
    } finally {
      await records.close()
    }
    const found = orNone(this.#connection.secretByUsage('ceph', usage), 'VIR_ERR_NO_SECRET')
    const secret = await untilAborted(found, this.#signal)
    const remedy = 'prepareLibvirt() makes it what it must be'
    if (secret === undefined)
      throw refused('ERR_RBDKIT_MISSING', 'secret', `libvirt has no secret '${usage}'; ${remedy}`)
    if (xml.parseSecret(await untilAborted(secret.xml(), this.#signal)).private) return secret
    const value = await untilAborted(orNone(secret.getValue(), 'VIR_ERR_NO_SECRET'), this.#signal)
    if (value === undefined)
      throw refused('ERR_RBDKIT_MISSING', 'secret', `the secret '${usage}' has no value; ${remedy}`)
    const isKey = value.equals(Buffer.from(key, 'base64'))
    value.fill(0)
    if (!isKey)
      throw refused('ERR_RBDKIT_DIFFERS', 'secret', `the secret '${usage}' has not the user's key; ${remedy}`)
    return secret
  }

  /** A full pool does not answer those who write it: they wait. */
  async #space(pools: ReadonlySet<string>): Promise<void> {
    const command = { prefix: 'osd dump' }
    const map = await this.#cluster.monitorCommand<{
      flags_set?: string[]
      pools: { pool_name: string; flags_names: string }[]
    }>(command, { signal: this.#signal })
    if (map.flags_set?.includes('full')) throw refused('ERR_RBDKIT_FULL', 'images', 'the cluster is full')
    for (const { pool_name: pool, flags_names: flags } of map.pools) {
      if (!pools.has(pool)) continue
      const set = flags.split(',')
      // One that has used up its quota has both.
      if (set.includes('full_quota'))
        throw refused('ERR_RBDKIT_FULL', 'images', `the pool '${pool}' has used up its quota`)
      if (set.includes('full')) throw refused('ERR_RBDKIT_FULL', 'images', `the pool '${pool}' is full`)
    }
  }

  async #exists(pool: string, image: string): Promise<boolean> {
    const ioctx = await this.#pools.find(pool)
    if (ioctx === undefined) throw refused('ERR_RBDKIT_MISSING', 'images', `there is no pool '${pool}'`)
    try {
      const opened = await Image.open(ioctx, image, { readOnly: true, signal: this.#signal })
      await opened.close()
      return true
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      throw error
    }
  }

  async #disk(disk: PlannedDisk, writers: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const step = `image ${spec(disk)}`
    const exists = await this.#exists(disk.pool, disk.image)
    if (disk.of !== 'there') {
      if (exists) throw refused('ERR_RBDKIT_EXISTS', step, `there is an image ${spec(disk)} already`)
      return
    }
    if (!exists) throw refused('ERR_RBDKIT_MISSING', step, `there is no image ${spec(disk)}`)
    const machines = [...(writers.get(spec(disk)) ?? [])].map((name) => `a disk of the machine '${name}'`)
    const clients =
      disk.device === 'cdrom'
        ? []
        : await holdersOf(await this.#pools.open(disk.pool), disk.image, this.#signal)
    const holders = [...machines, ...clients]
    if (holders.length > 0)
      throw refused('ERR_RBDKIT_IN_USE', step, `the image ${spec(disk)} is ${holders.join(', ')}`)
  }

  async #parent(parent: Parent): Promise<void> {
    const { pool, image, snapshot } = parent
    const step = 'images'
    if (!(await this.#exists(pool, image)))
      throw refused('ERR_RBDKIT_MISSING', step, `there is no image ${spec(parent)} to clone`)
    const ioctx = await this.#pools.open(pool)
    await using opened = await Image.open(ioctx, image, { readOnly: true, signal: this.#signal })
    if (!(await opened.snapshots.exists(snapshot, { signal: this.#signal })))
      throw refused('ERR_RBDKIT_MISSING', step, `there is no snapshot ${spec(parent)}@${snapshot} to clone`)
  }
}
