/** What the tests of preparing hosts look at: all that may be there of a pool, a user and a host. */

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Cluster } from 'rbdkit'
import { Connection, LibvirtError } from 'rbdkit/libvirt'
import { type PrepareLibvirtOptions, ProvisionError, prepareLibvirt } from 'rbdkit/provision'
import type { Test } from 'tap'
import { randomName, sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { rbdPoolsStart } from '../helpers/releases.js'

/** One pool and one user of a test's own, and the host. */
export class Place {
  readonly pool = randomName('vms')
  readonly user = randomName('guests')
  readonly entity = `client.${this.user}`
  readonly usage = `${this.entity} secret`
  readonly directory: string

  private constructor(
    readonly cluster: Cluster,
    readonly virt: Connection,
    directory: string,
  ) {
    this.directory = directory
  }

  /** All that is there in the end is removed, however the test ended. */
  static async make(t: Test): Promise<Place> {
    const { confFile } = await sharedCluster()
    const cluster = await Cluster.connect({ confFile })
    const virt = await Connection.open((await sharedHypervisor()).uri)
    const place = new Place(cluster, virt, t.testdir({}))
    t.teardown(async () => {
      await place.clear()
      await virt.close()
      await cluster.close()
    })
    return place
  }

  async clear(): Promise<void> {
    const storagePool = await this.storagePool()
    if (storagePool && (await storagePool.isActive())) await storagePool.destroy()
    await storagePool?.undefine()
    await (await this.secret())?.undefine()
    await this.cluster.auth.remove(this.entity)
    await this.cluster.pools.delete(this.pool).catch(() => {})
  }

  async #orNone<T>(found: Promise<T>): Promise<T | undefined> {
    return found.catch((error: unknown) => {
      if (error instanceof LibvirtError && /^VIR_ERR_NO_/.test(error.code)) return undefined
      throw error
    })
  }

  secret() {
    return this.#orNone(this.virt.secretByUsage('ceph', this.usage))
  }

  storagePool() {
    return this.#orNone(this.virt.storagePoolByName(this.pool))
  }

  get files(): string[] {
    return [join(this.directory, `ceph.${this.entity}.keyring`), join(this.directory, 'ceph.conf')]
  }

  /** The names of all that is there. */
  async there(): Promise<string[]> {
    const found: string[] = []
    if ((await this.cluster.pools.list()).includes(this.pool)) found.push('pool')
    const users = (await this.cluster.auth.list()).filter(({ entity }) => entity.startsWith(this.entity))
    for (const { entity } of users) found.push(entity === this.entity ? 'user' : entity)
    if (await this.secret()) found.push('secret')
    if (await this.storagePool()) found.push('storagePool')
    for (const [i, path] of this.files.entries()) {
      if (
        await access(path).then(
          () => true,
          () => false,
        )
      )
        found.push(i === 0 ? 'keyring' : 'cephConf')
    }
    return found
  }

  /** All that there is to tell of it: the same text when nothing has changed. */
  async state(): Promise<string> {
    const { cluster } = this
    const pool = (await cluster.pools.list()).includes(this.pool)
    let records: unknown[] = []
    if (pool) {
      await using ioctx = await cluster.openIoCtx(this.pool)
      const pages = ioctx.omap.entries('rbdkit.provision')
      records = [await ioctx.applications.list()]
      try {
        for await (const [key, value] of pages) records.push([key, value.toString()])
      } catch (error) {
        records.push((error as { code: string }).code)
      }
    }
    const secret = await this.secret()
    const storagePool = await this.storagePool()
    return JSON.stringify([
      pool,
      records,
      await cluster.auth.get(this.entity).catch((error: { code: string }) => error.code),
      secret && [await secret.xml(), await secret.getValue().catch((error: { code: string }) => error.code)],
      storagePool && [
        (await storagePool.xml({ inactive: true })).replaceAll(/<(capacity|allocation|available).*/g, ''),
        await storagePool.isActive(),
        await storagePool.autostart(),
      ],
    ])
  }
}

/** Where libvirt can have no RBD pools, all else is the same. */
export const without = rbdPoolsStart ? {} : ({ storagePool: false } as const)
/** What is made, in this order. */
export const parts = ['pool', 'user', 'secret', ...(rbdPoolsStart ? ['storagePool'] : [])]
/** Prepares the host of a place. */
export const prepare = (place: Place, options: Partial<PrepareLibvirtOptions> = {}) =>
  prepareLibvirt(place.cluster, place.virt, { pool: place.pool, user: place.user, ...without, ...options })

/** What a call failed with. */
export async function failure(promise: Promise<unknown>): Promise<ProvisionError> {
  const error = await promise.then(
    () => new Error('it was done'),
    (reason: Error) => reason,
  )
  if (error instanceof ProvisionError) return error
  throw error
}
