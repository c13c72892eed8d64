import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { mib, openPool } from '../copy/fixture.js'

t.test('acquire, owners, release', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  t.same(await image.locks.owners(), [])
  t.equal(await image.locks.isOwner(), false)
  await image.locks.release().catch((error: unknown) => t.match(error, { code: 'EINVAL' }))
  await image.locks.acquire('exclusive')
  await image.locks.acquire('exclusive')
  t.match(await image.locks.owners(), [{ owner: /^127\.0\.0\.1:/, mode: 'exclusive' }])
  t.equal(await image.locks.isOwner(), true)
  await image.locks.release()
  t.equal(await image.locks.isOwner(), false)
  await t.rejects(image.locks.acquire('shared'), { code: 'EOPNOTSUPP', syscall: 'rbd_lock_acquire' })
  await t.rejects(image.locks.acquire('shared'), { message: /only takes a shared lock by itself$/ })
  await t.rejects(image.locks.acquire('other' as 'shared'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(image.locks.acquire(undefined as unknown as 'shared'), { code: 'ERR_INVALID_ARG_VALUE' })

  await Image.create(ioctx, 'plain', { size: mib, features: ['layering'] })
  await using plain = await Image.open(ioctx, 'plain')
  await t.rejects(plain.locks.acquire('exclusive'), { code: 'EINVAL' })
})

t.test('a lock for a short time: others wait for it instead of failing', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const error = await image.locks.acquire('exclusive-transient').then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error !== undefined) {
    // Before 19.2.4 and 20.2.1.
    t.match(error, {
      code: 'EOPNOTSUPP',
      message: /this host's librbd is older than Ceph 19\.2\.4 or 20\.2\.1$/,
    })
    t.equal(await image.locks.isOwner(), false)
    return
  }
  const other = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => other.close())
  await using theirs = await Image.open(await other.openIoCtx(ioctx.pool), 'image')
  let written = false
  const write = theirs.write(Buffer.from('theirs'), { position: 0 }).then(() => {
    written = true
  })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.equal(written, false)
  await image.locks.release()
  await write
  await image.locks.acquire('exclusive-transient')
  await image.locks.acquire('exclusive')
  await t.rejects(theirs.write(Buffer.from('theirs'), { position: 0 }), { code: 'EROFS' })
})

t.test('without locks.acquire() two clients hand the lock to and fro', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const other = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => other.close())
  const one = await Image.open(ioctx, 'image')
  const two = await Image.open(await other.openIoCtx(ioctx.pool), 'image')
  for (let i = 0; i < 3; i++) {
    await one.write(Buffer.from([i]), { position: 2 * i })
    t.equal(await one.locks.isOwner(), true)
    await two.write(Buffer.from([i]), { position: 2 * i + 1 })
    t.same([await one.locks.isOwner(), await two.locks.isOwner()], [false, true])
  }
  t.same([...(await one.read({ position: 0, length: 6 })).buffer], [0, 0, 1, 1, 2, 2])
  await one.close()
  await two.close()
})

t.test('a lock that is taken, and broken: the loser gets ESHUTDOWN', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  // A client of its own: breaking its lock blocklists all of it.
  const victim = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => victim.close())
  const loser = await Image.open(await victim.openIoCtx(ioctx.pool), 'image')
  const winner = await Image.open(ioctx, 'image')
  await loser.locks.acquire('exclusive')
  await loser.write(Buffer.from('loser'), { position: 0 })
  await loser.flush()
  await t.rejects(winner.locks.acquire('exclusive'), { code: 'EROFS', syscall: 'rbd_lock_acquire' })
  await t.rejects(winner.write(Buffer.from('x'), { position: 0 }), {
    code: 'EROFS',
    syscall: 'rbd_aio_write',
  })
  await t.rejects(winner.locks.break('nobody'), { code: 'EBUSY', syscall: 'rbd_lock_break' })
  const [holder] = await winner.locks.owners()
  await winner.locks.break(holder?.owner ?? '')
  await winner.locks.acquire('exclusive')
  const lost = { name: 'CephError', code: 'ESHUTDOWN', errno: -108, image: 'image' }
  await t.rejects(loser.write(Buffer.from('again'), { position: 0 }), lost)
  await t.rejects(loser.read({ position: 0, length: 5 }), lost)
  await t.rejects(loser.flush(), lost)
  await winner.write(Buffer.from('winner'), { position: 8 })
  t.equal((await winner.read({ position: 0, length: 14 })).buffer.toString(), 'loser\0\0\0winner')
  await loser.close()
  await winner.close()
})

t.test('a transient lock lets others wait', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const transient = image.locks.acquire('exclusive-transient')
  if (!cephHas('20.2.1')) {
    await t.rejects(transient, { code: 'EOPNOTSUPP', syscall: 'rbd_lock_acquire', image: 'image' })
    return
  }
  await transient
  await image.write(Buffer.from('mine'), { position: 0 })
  t.match(await image.locks.owners(), [{ mode: 'exclusive' }])
  await using others = await Cluster.connect({ confFile: test.confFile })
  await using theirs = await Image.open(await others.openIoCtx(ioctx.pool), 'image')
  let written = false
  const write = theirs.write(Buffer.from('theirs'), { position: 8 }).then(() => {
    written = true
  })
  await sleep(1500)
  t.same([written, await image.locks.isOwner()], [false, true], 'the other one waits')
  await image.locks.release()
  await write
  t.equal(await theirs.locks.isOwner(), true)
  t.equal((await theirs.read({ position: 0, length: 14 })).buffer.toString(), 'mine\0\0\0\0theirs')
})

t.test('who holds a lock of any kind, seen by a handle that only reads', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const seen = async () => {
    await using reader = await Image.open(ioctx, 'image', { readOnly: true })
    return reader.locks.lockers()
  }
  t.same(await seen(), [])
  await using image = await Image.open(ioctx, 'image')
  await image.locks.acquire('exclusive')
  const client = `client.${await ioctx.cluster.clientId()}`
  const [locker, ...others] = await seen()
  t.match(locker, { client, cookie: /^auto \d+$/, address: /^127\.0\.0\.1:/, mode: 'exclusive' })
  t.same(others, [])
  await image.locks.release()
  // Longer than the first try's buffers.
  const cookies = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(250))
  for (const cookie of cookies) await rbd('lock', 'add', '--shared', 'tag', 'image', cookie)
  const shared = await seen()
  t.same(shared.map((one) => one.cookie).sort(), cookies)
  for (const one of shared) t.match(one, { client: /^client\.\d+$/, mode: 'shared' })
})

t.test('transitions as events', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const other = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => other.close())
  const one = await Image.open(ioctx, 'image')
  const two = await Image.open(await other.openIoCtx(ioctx.pool), 'image')
  const [a, b] = await Promise.all([ioctx.cluster.clientId(), other.clientId()])
  await using watch = await one.locks.watch()
  await one.write(Buffer.from('a'), { position: 0 })
  await two.write(Buffer.from('b'), { position: 0 })
  await two.close()
  const seen: string[] = []
  for await (const { event, client } of watch) {
    seen.push(`${client === `client.${a}` ? 'a' : client === `client.${b}` ? 'b' : client} ${event}`)
    if (seen.at(-1) === 'b released') break
  }
  t.same(
    seen.filter((line) => line !== 'b requested'),
    ['a acquired', 'a released', 'b acquired', 'b released'],
  )
  t.ok(seen.includes('b requested'))
  t.equal(watch.closed, true)
  const next = (await one.locks.watch()).next()
  await one.close()
  t.same(await next, { done: true, value: undefined })
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.locks.watch(), { code: 'EROFS', syscall: 'rados_watch3' })
})
