/** Who holds a lock, shared locks, and taking one away. */
import { Cluster } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

t.test('lockers, shared locks, breaking', async (t) => {
  const { cluster, ioctx, test, rados } = await openPool(t)
  const rival = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  t.teardown(() => rival.close())
  const theirs = await rival.openIoCtx(ioctx.pool)
  const mine = `client.${await cluster.clientId()}`
  const other = `client.${await rival.clientId()}`
  await ioctx.lockObject('door', { name: 'key', cookie: 'c', description: 'why' })
  const held = await theirs.objectLockers('door', 'key')
  t.match(held, { mode: 'exclusive', tag: '', lockers: [{ client: mine, cookie: 'c' }] })
  t.equal(held.lockers.length, 1)
  // A locker's has its protocol before it.
  t.equal(held.lockers[0]?.address.replace(/^\w+:(?=.*:)/, ''), await cluster.address())
  t.match(await rados('lock', 'info', 'door', 'key'), /"description":"why"/)
  await theirs.breakObjectLock('door', { name: 'key', client: mine, cookie: 'c' })
  t.same((await ioctx.objectLockers('door', 'key')).lockers, [])
  await t.rejects(ioctx.unlockObject('door', { name: 'key', cookie: 'c' }), {
    code: 'ENOENT',
    syscall: 'rados_aio_unlock',
    object: 'door',
  })
  await t.rejects(ioctx.breakObjectLock('door', { name: 'key', client: mine }), { code: 'ENOENT' })
  await t.rejects(ioctx.breakObjectLock('door', { name: 'key', client: 'nobody' }), { code: 'EINVAL' })

  await ioctx.lockObject('door', { name: 'shared', mode: 'shared', tag: 'together' })
  await theirs.lockObject('door', { name: 'shared', mode: 'shared', tag: 'together' })
  await t.rejects(theirs.lockObject('door', { name: 'shared', mode: 'shared', tag: 'alone', cookie: '2' }), {
    code: 'EBUSY',
  })
  await t.rejects(theirs.lockObject('door', { name: 'shared' }), { code: 'EBUSY' })
  const { mode, tag, lockers } = await ioctx.objectLockers('door', 'shared')
  t.same(
    [mode, tag, lockers.map(({ client }) => client).sort()],
    ['shared', 'together', [mine, other].sort()],
  )
  await t.rejects(ioctx.lockObject('door', { name: 'new', renew: 'must' }), { code: 'ENOENT' })
  await ioctx.lockObject('door', { name: 'shared', mode: 'shared', tag: 'together', renew: 'must' })
  await ioctx.unlockObject('door', { name: 'shared' })
  t.same(
    (await ioctx.objectLockers('door', 'shared')).lockers.map(({ client }) => client),
    [other],
  )
  // More than the first buffers hold.
  const count = 150
  for (let i = 0; i < count; i++)
    await ioctx.lockObject('crowd', { name: 'key', mode: 'shared', cookie: `cookie-${i}`.padEnd(60, '.') })
  const crowd = await ioctx.objectLockers('crowd', 'key')
  t.equal(new Set(crowd.lockers.map(({ cookie }) => cookie)).size, count)
  await t.rejects(ioctx.objectLockers('none', 'key'), { code: 'ENOENT', object: 'none' })
  await t.rejects(ioctx.lockObject('door', { name: 'key', tag: 'x' }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(ioctx.lockObject('door', { name: 'key', renew: 1 as unknown as boolean }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})
