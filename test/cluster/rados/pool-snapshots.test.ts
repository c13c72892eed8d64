/** Snapshots of pools and of single objects. */
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { openPool } from '../copy/fixture.js'

const bytes = (text: string): Buffer => Buffer.from(text)

t.test('pool snapshots: create, list, read at, rollback, remove', async (t) => {
  // Images make a pool one of self-managed snapshots: these are of a pool of their own.
  const { cluster } = await openPool(t)
  const pool = randomName('snaps')
  await cluster.pools.create(pool)
  t.teardown(() => cluster.pools.delete(pool))
  await using ioctx = await cluster.openIoCtx(pool)
  await ioctx.writeFull('object', bytes('before'))
  t.same(await ioctx.snapshots.list(), [])
  await ioctx.snapshots.create('one')
  await ioctx.writeFull('object', bytes('after'))
  await ioctx.writeFull('later', bytes('x'))
  await ioctx.snapshots.create('two 鍵')
  const list = await ioctx.snapshots.list()
  t.same(
    list.map(({ name }) => name),
    ['one', 'two 鍵'],
  )
  for (const { createdAt } of list)
    t.ok(Math.abs(Date.now() - createdAt.getTime()) < 60_000, String(createdAt))
  t.equal(await ioctx.snapshots.id('one'), list[0]?.id)
  await using byName = await cluster.openIoCtx(pool, { snapshot: 'one' })
  await using byId = await cluster.openIoCtx(pool, { snapshot: list[0]?.id as bigint })
  for (const at of [byName, byId]) {
    t.equal((await at.readObject('object')).toString(), 'before')
    await t.rejects(at.readObject('later'), { code: 'ENOENT' })
    await t.rejects(at.writeFull('object', bytes('x')), { code: 'EROFS' })
  }
  await ioctx.snapshots.rollback('object', 'one')
  t.equal((await ioctx.readObject('object')).toString(), 'before')
  await t.rejects(ioctx.snapshots.create('one'), { code: 'EEXIST', snapshot: 'one' })
  await ioctx.snapshots.remove('one')
  t.same(
    (await ioctx.snapshots.list()).map(({ name }) => name),
    ['two 鍵'],
  )
  for (const call of [
    () => ioctx.snapshots.remove('one'),
    () => ioctx.snapshots.id('one'),
    () => ioctx.snapshots.rollback('object', 'one'),
    () => cluster.openIoCtx(pool, { snapshot: 'one' }),
  ] as (() => Promise<unknown>)[])
    await t.rejects(call, { code: 'ENOENT' })
})

t.test('a snapshot whose name is empty, which other clients make', async (t) => {
  const { cluster } = await openPool(t)
  const pool = randomName('snaps')
  await cluster.pools.create(pool)
  t.teardown(() => cluster.pools.delete(pool))
  await using ioctx = await cluster.openIoCtx(pool)
  await ioctx.writeFull('object', bytes('before'))
  await ioctx.snapshots.create('')
  await ioctx.writeFull('object', bytes('after'))
  const [snapshot] = await ioctx.snapshots.list()
  t.match(snapshot, { name: '' })
  t.equal(await ioctx.snapshots.id(''), snapshot?.id)
  await using at = await cluster.openIoCtx(pool, { snapshot: '' })
  t.equal((await at.readObject('object')).toString(), 'before')
  await ioctx.snapshots.rollback('object', '')
  t.equal((await ioctx.readObject('object')).toString(), 'before')
  await ioctx.snapshots.remove('')
  t.same(await ioctx.snapshots.list(), [])
})

t.test('self-managed snapshots: write context, read at, rollback, remove', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const snapshots = ioctx.selfManagedSnapshots
  await ioctx.writeFull('object', bytes('one'))
  const first = await snapshots.create()
  await snapshots.setWriteContext([first])
  await ioctx.writeFull('object', bytes('two'))
  const second = await snapshots.create()
  t.ok(second > first, `${first}, ${second}`)
  await snapshots.setWriteContext([second, first])
  await ioctx.writeFull('object', bytes('three'))
  for (const [snapshot, content] of [
    [first, 'one'],
    [second, 'two'],
  ] as const) {
    await using at = await cluster.openIoCtx(ioctx.pool, { snapshot })
    t.equal((await at.readObject('object')).toString(), content)
  }
  t.equal((await ioctx.readObject('object')).toString(), 'three')
  await snapshots.rollback('object', first)
  t.equal((await ioctx.readObject('object')).toString(), 'one')
  await t.rejects(snapshots.setWriteContext([first, second]), { code: 'EINVAL' }, 'newest first')
  await snapshots.setWriteContext([])
  await snapshots.remove(second)
  await snapshots.remove(first)
  await t.rejects(snapshots.setWriteContext('x' as unknown as bigint[]), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(snapshots.remove(2n ** 60n), { code: 'ERR_OUT_OF_RANGE' })
})
