import { randomBytes } from 'node:crypto'
import { Cluster, type ObjectStat } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

t.test('write, stat, read, replace, remove; the rados command sees the same', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const data = randomBytes(100_000)
  await ioctx.writeFull('thing', data)
  // The first ones of the process, which find out at the same time whether librados has rados_stat2.
  const stats = await Promise.all(['thing', 'thing', 'thing'].map((name) => ioctx.statObject(name)))
  const [{ size, mtimeMs }, ...others] = stats as [ObjectStat, ...ObjectStat[]]
  t.strictSame(others, [stats[0], stats[0]])
  t.equal(size, data.length)
  t.ok(Math.abs(Date.now() - mtimeMs) < 60_000, `${mtimeMs}`)
  t.ok((await ioctx.readObject('thing')).equals(data))
  t.ok((await ioctx.readObject('thing', { position: 99_990 })).equals(data.subarray(99_990)))
  t.ok((await ioctx.readObject('thing', { position: 10n, length: 7 })).equals(data.subarray(10, 17)))
  t.equal((await ioctx.readObject('thing', { position: 99_999, length: 50 })).length, 1)
  t.equal((await ioctx.readObject('thing', { position: 100_000 })).length, 0)
  t.equal((await ioctx.readObject('thing', { position: 200_000, length: 5 })).length, 0)
  t.equal((await ioctx.readObject('thing', { length: 0 })).length, 0)
  t.match(await rados('stat', 'thing'), /size 100000/)

  await ioctx.writeFull('thing', Buffer.from('short'))
  await ioctx.createObject('thing')
  t.equal((await ioctx.readObject('thing')).toString(), 'short', 'creating leaves what is there')
  await ioctx.writeFull('thing', new Uint8Array())
  t.equal((await ioctx.statObject('thing')).size, 0)
  t.equal((await ioctx.readObject('thing')).length, 0)

  await ioctx.createObject('thing')
  await ioctx.createObject('other')
  // rbd has objects of its own in the pool: rbd_info, and since Ceph 18 at times rbd_trash
  const names = (await rados('ls')).trim().split('\n')
  t.same(names.filter((name) => !name.startsWith('rbd_')).sort(), ['other', 'thing'])
  await ioctx.removeObject('thing')
  await ioctx.removeObject('other')
  t.notMatch(await rados('ls'), /thing|other/)
})

t.test('errors name the function and the object', async (t) => {
  const { ioctx } = await openPool(t)
  const missing = { name: 'CephError', code: 'ENOENT', errno: -2, pool: ioctx.pool, object: 'none' }
  await t.rejects(ioctx.readObject('none', { length: 1 }), { ...missing, syscall: 'rados_aio_read' })
  await t.rejects(ioctx.readObject('none'), { ...missing, syscall: /^rados_aio_stat2?$/ })
  await t.rejects(ioctx.statObject('none'), { message: new RegExp(`rados_aio_stat2? '${ioctx.pool}/none'$`) })
  await t.rejects(ioctx.removeObject('none'), { ...missing, syscall: 'rados_aio_remove' })
  await ioctx.createObject('here', { exclusive: true })
  await t.rejects(ioctx.createObject('here', { exclusive: true }), { code: 'EEXIST', object: 'here' })
  await t.rejects(ioctx.writeFull('', Buffer.from('x')), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(ioctx.writeFull('a\0b', Buffer.from('x')), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(ioctx.writeFull('a', 'x' as unknown as Buffer), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(ioctx.readObject('a', { position: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(ioctx.readObject('a', { length: 2 ** 31 }), { code: 'ERR_OUT_OF_RANGE' })
  await ioctx.close()
  await t.rejects(ioctx.readObject('here'), { code: 'EBADF', syscall: 'rados_aio_stat2' })
})

t.test('namespaces are apart', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const other = await cluster.openIoCtx(ioctx.pool, { namespace: 'apart' })
  await other.writeFull('thing', Buffer.from('theirs'))
  await t.rejects(ioctx.statObject('thing'), { code: 'ENOENT' })
  t.equal((await other.readObject('thing')).toString(), 'theirs')
  await t.rejects(other.statObject('none'), { namespace: 'apart', message: /\/apart\/none'$/ })
  await other.removeObject('thing')
})

t.test('locks: one holder, renewed, given up, free by time', async (t) => {
  const { ioctx, test } = await openPool(t)
  const rival = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  t.teardown(() => rival.close())
  const theirs = await rival.openIoCtx(ioctx.pool)
  await ioctx.lockObject('door', { name: 'key', description: 'mine' })
  await t.rejects(theirs.lockObject('door', { name: 'key' }), { code: 'EBUSY', object: 'door' })
  await theirs.lockObject('door', { name: 'another key' })
  await t.rejects(ioctx.lockObject('door', { name: 'key' }), { code: 'EEXIST' })
  await ioctx.lockObject('door', { name: 'key', renew: true, description: 'mine' })
  await t.rejects(theirs.unlockObject('door', { name: 'key' }), { code: 'ENOENT' })
  await ioctx.unlockObject('door', { name: 'key' })
  await theirs.lockObject('door', { name: 'key', cookie: 'c', durationMs: 1500 })
  await t.rejects(ioctx.lockObject('door', { name: 'key' }), { code: 'EBUSY' })
  // Free by itself, without its holder.
  for (;;) {
    try {
      await ioctx.lockObject('door', { name: 'key' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  await t.rejects(theirs.lockObject('door', { name: 'key' }), { code: 'EBUSY' })
  await ioctx.removeObject('door')
})
