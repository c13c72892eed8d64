// One writer at a time: an exclusive lock, and what its loser sees when it is broken.
// node examples/locks.mjs <pool>
import { Cluster, Image } from 'rbdkit'

const pool = process.argv[2] ?? 'rbd'
// Two clients, as on two hosts: breaking a lock shuts its owner's whole client out.
const [here, there] = await Promise.all([Cluster.connect(), Cluster.connect()])
try {
  const ioctx = await here.openIoCtx(pool)
  await Image.create(ioctx, 'locked', { size: 1024 * 1024 })
  const old = await Image.open(await there.openIoCtx(pool), 'locked')
  await old.locks.acquire('exclusive')

  const image = await Image.open(ioctx, 'locked')
  await image.locks.acquire('exclusive').catch((error) => console.log('taken:', error.code))
  for (const { owner } of await image.locks.owners()) await image.locks.break(owner)
  await image.locks.acquire('exclusive')
  await image.write(Buffer.from('mine'), { position: 0 })
  await old.write(Buffer.from('late'), { position: 0 }).catch((error) => console.log('shut out:', error.code))

  await old.close()
  await image.close()
  await Image.remove(ioctx, 'locked')
} finally {
  await here.close()
  await there.close()
}
