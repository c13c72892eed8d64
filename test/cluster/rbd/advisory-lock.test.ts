/** Advisory locks, as of `rbd lock`. */

import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('advisory locks: alone, shared, given up, taken away', async (t) => {
  const { ioctx, rbd, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  const theirs = async () =>
    (
      JSON.parse(await rbd('lock', 'ls', '--format', 'json', 'image')) as { id: string; locker: string }[]
    ).map(({ id, locker }) => [locker, id])
  const client = `client.${await ioctx.cluster.clientId()}`
  await image.locks.add('my cookie')
  t.same(await theirs(), [[client, 'my cookie']])
  t.match(await image.locks.lockers(), [{ client, cookie: 'my cookie', mode: 'exclusive' }])
  await t.rejects(image.locks.add('my cookie'), { code: 'EEXIST', syscall: 'rbd_lock_exclusive' })
  await t.rejects(image.locks.add('other'), { code: 'EBUSY' })
  await t.rejects(image.locks.add('other', { shared: 'tag' }), { code: 'EBUSY', syscall: 'rbd_lock_shared' })
  await t.rejects(image.locks.remove('other'), { code: 'ENOENT', syscall: 'rbd_unlock' })
  await image.locks.remove('my cookie')
  t.same(await theirs(), [])

  const other = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => other.close())
  const guest = await Image.open(await other.openIoCtx(ioctx.pool), 'image')
  const stranger = `client.${await other.clientId()}`
  await image.locks.add('a', { shared: 'tag' })
  await guest.locks.add('b', { shared: 'tag' })
  await t.rejects(guest.locks.add('c', { shared: 'other tag' }), { code: 'EBUSY' })
  t.same(
    (await theirs()).sort(),
    [
      [client, 'a'],
      [stranger, 'b'],
    ].sort(),
  )
  await image.locks.remove('a')
  await guest.locks.remove('b')
  await guest.locks.add('held')
  await guest.write(Buffer.from('before'), { position: 0 })
  await guest.flush()
  await t.rejects(image.locks.remove('held'), { code: 'ENOENT' })
  await t.rejects(image.locks.remove('held', { client: 'client.1' }), {
    code: 'ENOENT',
    syscall: 'rbd_break_lock',
  })
  await image.locks.remove('held', { client: stranger })
  t.same(await theirs(), [])
  await t.rejects(guest.write(Buffer.from('after'), { position: 0 }), { code: 'ESHUTDOWN' })
  await image.locks.add('mine')
  await guest.close()

  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.locks.add('x'), { code: 'EROFS' })
})

t.test('cookies and tags may be empty; a lock tells its tag', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const { locks } = image
  await t.rejects(locks.remove(''), { code: 'ENOENT' })
  await locks.add('')
  t.match(await locks.lockers(), [{ cookie: '', mode: 'exclusive', tag: '' }])
  await t.rejects(locks.add(''), { code: 'EEXIST', syscall: 'rbd_lock_exclusive' })
  await t.rejects(locks.add('other'), { code: 'EBUSY' })
  await t.rejects(locks.add('', { shared: '' }), { code: 'EEXIST', syscall: 'rbd_lock_shared' })
  await t.rejects(locks.add('other', { shared: '' }), { code: 'EBUSY' })
  await locks.remove('')
  t.same(await locks.lockers(), [])
  const cookies = Array.from({ length: 10 }, (_, i) => String(i))
  for (const cookie of cookies) await locks.add(cookie, { shared: 'a tag' })
  const lockers = await locks.lockers()
  t.same(lockers.map(({ cookie }) => cookie).sort(), cookies)
  for (const locker of lockers) t.match(locker, { mode: 'shared', tag: 'a tag' })
  t.match(await rbd('lock', 'ls', 'image'), /Lock tag: a tag/)
  for (const cookie of cookies) await locks.remove(cookie)
  await locks.add('untagged', { shared: '' })
  t.match(await locks.lockers(), [{ cookie: 'untagged', mode: 'shared', tag: '' }])
  await locks.remove('untagged')
  await locks.acquire('exclusive')
  t.match(await locks.lockers(), [{ cookie: /^auto /, mode: 'exclusive', tag: 'internal' }])
})

t.test('an advisory lock keeps librbd from its own', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.locks.acquire('exclusive')
  await t.rejects(image.locks.add('mine'), { code: 'EBUSY' })
  await image.locks.release()
  await image.locks.add('mine')
  const acquired = image.locks.acquire('exclusive')
  const waited = image.locks.acquire('exclusive', { signal: AbortSignal.timeout(500) })
  await t.rejects(waited, { name: 'TimeoutError' }, 'it is waited for')
  t.equal(await image.locks.isOwner(), false)
  await image.locks.remove('mine')
  await acquired
  t.equal(await image.locks.isOwner(), true)
})
