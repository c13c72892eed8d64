/** What a client may do of an image whose lock another one has: that one does it for it, or gives the lock up. */

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { mib, openPool } from '../copy/fixture.js'

const size = 8 * mib

/** A pool as two clients see it. */
async function twoClients(t: Test): Promise<{ ioctx: IoCtx; theirs: IoCtx }> {
  const { ioctx, test } = await openPool(t)
  const other = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  t.teardown(() => other.close())
  return { ioctx, theirs: await other.openIoCtx(ioctx.pool) }
}

/** Waits for what a client is told some time later. */
async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 300; i++) {
    if (await condition()) return true
    await sleep(100)
  }
  return false
}

async function owners(...images: Image[]): Promise<boolean[]> {
  return Promise.all(images.map((image) => image.locks.isOwner()))
}

t.test('who has the lock', async (t) => {
  const { ioctx, theirs } = await twoClients(t)
  await Image.create(ioctx, 'image', { size })
  await using leader = await Image.open(ioctx, 'image')
  await using follower = await Image.open(theirs, 'image')
  t.same(await owners(leader, follower), [false, false], 'nobody before the first write')
  await leader.write(Buffer.alloc(256, 1), { position: 0 })
  t.same(await owners(leader, follower), [true, false])
  await leader.snapshots.create('s')
  await using then = await Image.open(ioctx, 'image', { snapshot: 's' })
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  t.same(await owners(leader, then, reader), [true, false, false], 'who only reads has none')
})

t.test('writes and discards take it over', async (t) => {
  const { ioctx, theirs } = await twoClients(t)
  await Image.create(ioctx, 'image', { size })
  await using one = await Image.open(ioctx, 'image')
  await using two = await Image.open(theirs, 'image')
  const data = randomBytes(256)
  await one.write(data, { position: 0 })
  await two.write(data, { position: size / 2 })
  t.same(await owners(one, two), [false, true])
  for (const position of [0, size / 2]) t.ok((await two.read({ position, length: 256 })).buffer.equals(data))
  await one.discard(0, 4 * mib)
  t.same(await owners(one, two), [true, false])
  t.ok((await one.read({ position: 0, length: 256 })).buffer.equals(Buffer.alloc(256)))
})

t.test('the leader does for others what changes the image as a whole', async (t) => {
  const { ioctx, theirs } = await twoClients(t)
  await Image.create(ioctx, 'image', { size })
  const leader = await Image.open(ioctx, 'image')
  const follower = await Image.open(theirs, 'image')
  await leader.write(Buffer.alloc(256, 1), { position: 0 })
  for (const now of [2 * size, size / 2]) {
    await follower.resize(now, { allowShrink: true })
    t.equal(await leader.size(), now)
    t.ok(await until(async () => (await follower.size()) === now), `it is told of ${now}`)
  }
  await follower.snapshots.create('theirs')
  t.same(
    (await leader.snapshots.list()).map(({ name }) => name),
    ['theirs'],
  )
  await follower.snapshots.rename('theirs', 'renamed')
  await follower.snapshots.protect('renamed')
  t.equal(await leader.snapshots.isProtected('renamed'), true)
  await follower.snapshots.unprotect('renamed')
  t.same(await owners(leader, follower), [true, false], 'all of which leaves the lock where it is')
  // A rollback it does not do for others.
  await t.rejects(follower.snapshots.rollback('renamed'), { code: 'EROFS', snapshot: 'renamed' })
  await leader.snapshots.rollback('renamed')
  await leader.snapshots.protect('renamed')

  await Image.clone(ioctx, { image: 'image', snapshot: 'renamed' }, ioctx, 'clone')
  const [first, second] = [await Image.open(ioctx, 'clone'), await Image.open(theirs, 'clone')]
  await first.write(Buffer.alloc(256, 2), { position: 0 })
  await second.flatten()
  t.equal(await first.parent(), undefined)
  t.ok(await until(async () => (await second.parent()) === undefined))
  t.same(await owners(first, second), [true, false])
  for (const image of [first, second, leader, follower]) await image.close()
})

t.test('a client whose lock was broken', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size })
  // A connection of its own: all of it is blocklisted.
  const victim = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  t.teardown(() => victim.close())
  const loser = await Image.open(await victim.openIoCtx(ioctx.pool), 'image')
  await using winner = await Image.open(ioctx, 'image')
  t.same(await winner.locks.owners(), [])
  await loser.locks.acquire('exclusive')
  const [holder, ...others] = await winner.locks.owners()
  t.same(others, [])
  t.equal(holder?.mode, 'exclusive')
  await t.rejects(winner.locks.acquire('exclusive'), { code: 'EROFS' })
  await winner.locks.break(holder?.owner as string)
  const lost = { name: 'CephError', code: 'ESHUTDOWN', image: 'image' }
  await t.rejects(loser.write(Buffer.alloc(256), { position: 0 }), lost)
  // Whether it is told already, or still believes what it knew.
  await t.rejects(
    async () => {
      for (let i = 0; i < 100; i++) {
        await loser.locks.isOwner()
        await sleep(100)
      }
    },
    { ...lost, syscall: 'rbd_is_exclusive_lock_owner' },
  )
  await winner.locks.acquire('exclusive')
  t.equal(await winner.locks.isOwner(), true)
  await loser.close().catch((error: unknown) => t.match(error, { code: 'ESHUTDOWN' }))
})
