/** What guests with disks on RBD need: a pool, a user, and a secret at each hypervisor. */

import { Cluster, type IoCtx, poolInit } from 'rbdkit'
import { type Connection, type Secret, xml } from 'rbdkit/libvirt'
import type { Test } from 'tap'
import { randomName, sharedCluster } from './cluster.js'

/** A pool with a user of its own, of which the given hypervisors know the key. */
export interface RbdHost {
  cluster: Cluster
  ioctx: IoCtx
  pool: string
  /** A `<disk>` of an image of the pool. */
  disk(image: string, target: string, options?: Partial<Parameters<typeof xml.rbdDisk>[0]>): string
}

export async function rbdHost(t: Test, connections: readonly Connection[]): Promise<RbdHost> {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile, id: 'admin' })
  t.teardown(() => cluster.close())
  const pool = randomName('guests')
  await cluster.pools.create(pool)
  const username = randomName('user')
  const { key } = await cluster.auth.getOrCreate(`client.${username}`, {
    mon: 'profile rbd',
    osd: `profile rbd pool=${pool}`,
  })
  const usage = { type: 'ceph', name: `client.${username} secret` } as const
  const secrets: Secret[] = []
  for (const connection of connections) {
    const secret = await connection.defineSecret(xml.secret({ usage, private: true }))
    await secret.setValue(Buffer.from(key, 'base64'))
    secrets.push(secret)
  }
  const ioctx = await cluster.openIoCtx(pool)
  await poolInit(ioctx)
  t.teardown(async () => {
    await ioctx.close()
    for (const secret of secrets) if (!secret.closed) await secret.undefine().catch(() => {})
    await cluster.pools.delete(pool)
    await cluster.auth.remove(`client.${username}`)
  })
  const monitors = await cluster.monitors()
  // By its usage: the UUID of a secret is each hypervisor's own.
  const auth = { username, secret: { usage: usage.name } }
  return {
    cluster,
    ioctx,
    pool,
    disk: (image, target, options) => xml.rbdDisk({ pool, image, target, monitors, auth, ...options }),
  }
}
