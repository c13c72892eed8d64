/** The pool of a lifecycle test file. Its images have dead watchers: they go with the pool, not one by one. */

import { Cluster, poolInit } from 'rbdkit'
import t from 'tap'
import { randomName, sharedCluster, type TestCluster } from '../helpers/cluster.js'

/** A running cluster with a new, initialised pool. */
export async function testPool(): Promise<TestCluster & { pool: string }> {
  const shared = await sharedCluster()
  const pool = randomName('lifecycle')
  await using cluster = await Cluster.connect({ confFile: shared.confFile })
  await cluster.pools.create(pool, { pgNum: 8 })
  t.teardown(async () => {
    await using admin = await Cluster.connect({ confFile: shared.confFile })
    await admin.pools.delete(pool)
  })
  await using ioctx = await cluster.openIoCtx(pool)
  await poolInit(ioctx)
  const { confFile, keyring, monitors, fsid, env } = shared
  return { confFile, keyring, monitors, fsid, env, pool }
}
