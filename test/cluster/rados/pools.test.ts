import {
  Cluster,
  Image,
  namespaceCreate,
  namespaceExists,
  namespaceList,
  namespaceRemove,
  poolInit,
} from 'rbdkit'
import t from 'tap'
import { randomName, sharedCluster } from '../../helpers/cluster.js'
import { openPool } from '../copy/fixture.js'

async function connect(t: { teardown(end: () => Promise<void>): void }): Promise<Cluster> {
  const { confFile } = await sharedCluster()
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  return cluster
}

t.test('pools: create, list, delete', async (t) => {
  const cluster = await connect(t)
  const plain = randomName('plain')
  const sized = randomName('sized')
  await cluster.pools.create(plain)
  await cluster.pools.create(sized, { pgNum: 4 })
  const names = await cluster.pools.list()
  t.ok(names.includes(plain) && names.includes(sized))
  t.match(await cluster.monitorCommand({ prefix: 'osd pool get', pool: sized, var: 'pg_num' }), { pg_num: 4 })
  await t.rejects(cluster.pools.create(plain), { code: 'EEXIST', pool: plain })
  await t.rejects(cluster.pools.create(sized, { pgNum: 4 }), { code: 'EEXIST', pool: sized })
  const huge = randomName('huge')
  await t.rejects(cluster.pools.create(huge, { pgNum: 60_000 }), { code: 'ERANGE', pool: huge })
  t.notOk((await cluster.pools.list()).includes(huge), 'nothing is left of a pool that could not be made')
  await cluster.pools.delete(plain)
  await cluster.pools.delete(sized)
  await t.rejects(cluster.pools.delete(plain), { code: 'ENOENT', pool: plain, syscall: 'rados_pool_delete' })
  await t.rejects(cluster.openIoCtx(plain), {
    code: 'ENOENT',
    pool: plain,
    syscall: 'rados_ioctx_create',
    message: /: there is no such pool; pools\.create\(\) /,
  })
})

t.test('a connection that has not heard of a pool yet does not make it, either', async (t) => {
  const [cluster, other] = [await connect(t), await connect(t)]
  const pool = randomName('known')
  await other.pools.list()
  await cluster.pools.create(pool)
  t.teardown(() => cluster.pools.delete(pool))
  for (const options of [{}, { pgNum: 1 }, { crushRule: 0 }])
    await t.rejects(other.pools.create(pool, options), { code: 'EEXIST', pool })
})

t.test(
  'a pool that was made is not told to be there already, however often the command arrives',
  async (t) => {
    const cluster = await connect(t)
    const { confFile } = await sharedCluster()
    // Each of its connections breaks after some 20 messages; librados then sends again what was not answered.
    const options = { ms_inject_socket_failures: 20 }
    const shaky = await Cluster.connect({ confFile, options })
    t.teardown(() => shaky.close())
    const pools: string[] = []
    t.teardown(() => Promise.all(pools.map((pool) => cluster.pools.delete(pool))))
    /** Whether the monitors did it, and were told to do it again. */
    const cameAgain = async (pool: string): Promise<boolean> => {
      const entries = await cluster.monitorCommand<{ message: string }[]>({
        prefix: 'log last',
        num: 500,
        level: 'info',
        channel: 'audit',
      })
      const messages = entries.map(({ message }) => message).filter((message) => message.includes(pool))
      const done = messages.findIndex((message) => message.endsWith(': finished'))
      return done >= 0 && messages.slice(done).some((message) => message.endsWith(': dispatch'))
    }
    const deadline = Date.now() + 120_000
    for (let again = false; !again; ) {
      if (Date.now() > deadline) return t.fail(`none of ${pools.length} commands arrived twice`)
      const pool = randomName('shaky')
      pools.push(pool)
      await shaky.pools.create(pool, { pgNum: 1 })
      again = await cameAgain(pool)
    }
    const names = await cluster.pools.list()
    t.ok(
      pools.every((pool) => names.includes(pool)),
      `${pools.length} pools`,
    )
  },
)

t.test('long names, and more of them than fit a first answer', async (t) => {
  const cluster = await connect(t)
  const names = Array.from({ length: 10 }, (_, i) => `${randomName('long')}${String(i).repeat(480)}`)
  for (const name of names) await cluster.pools.create(name)
  try {
    const list = await cluster.pools.list()
    for (const name of names) t.ok(list.includes(name))
    const [name = ''] = names
    const id = await cluster.pools.id(name)
    await using byId = await cluster.openIoCtx(id)
    t.same([byId.pool, await byId.id()], [name, id])
  } finally {
    await Promise.all(names.map((name) => cluster.pools.delete(name)))
  }
  await t.rejects(cluster.openIoCtx(2n ** 40n), { code: 'ENOENT', syscall: 'rados_pool_reverse_lookup' })
})

t.test('bad pool arguments', async (t) => {
  const cluster = await connect(t)
  await t.rejects(cluster.pools.create(''), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(cluster.pools.create('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(cluster.pools.create('a', { pgNum: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(cluster.openIoCtx(7 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(cluster.openIoCtx('a', { namespace: 'b\0' }), { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('an ioctx knows its pool; pools are readied for images', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const dump = await cluster.monitorCommand<{
    pools: { pool: number; pool_name: string; application_metadata: object }[]
  }>({
    prefix: 'osd dump',
  })
  const pool = dump.pools.find((entry) => entry.pool_name === ioctx.pool)
  t.equal(await ioctx.id(), BigInt(pool?.pool ?? -1))
  t.same(pool?.application_metadata, { rbd: {} })
  const stat = await ioctx.stat()
  t.ok(Object.values(stat).every((value) => Number.isSafeInteger(value) && value >= 0))
  await poolInit(ioctx)
  const other = randomName('cephfs')
  await cluster.pools.create(other)
  t.teardown(() => cluster.pools.delete(other))
  await cluster.monitorCommand({ prefix: 'osd pool application enable', pool: other, app: 'cephfs' })
  const its = await cluster.openIoCtx(other)
  await t.rejects(poolInit(its), { code: 'EPERM', syscall: 'rbd_pool_init', pool: other })
  await poolInit(its, { force: true })
  await its.close()
  await t.rejects(its.stat(), { code: 'EBADF', pool: other })
  await t.rejects(poolInit({} as typeof ioctx), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('namespaces keep images apart', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  t.same(await namespaceList(ioctx), [])
  const names = Array.from(
    { length: 40 },
    (_, i) => `tenant-${String(i).padStart(2, '0')}-${'x'.repeat(120)}`,
  )
  for (const name of names) await namespaceCreate(ioctx, name)
  t.same(await namespaceList(ioctx), names, 'more than fits a first answer')
  const [first = '', second = ''] = names
  await t.rejects(namespaceCreate(ioctx, first), { code: 'EEXIST' })
  t.equal(await namespaceExists(ioctx, first), true)
  t.equal(await namespaceExists(ioctx, 'nowhere'), false)
  const inside = await cluster.openIoCtx(ioctx.pool, { namespace: first })
  await Image.create(inside, 'image', { size: 4096 })
  await Image.create(ioctx, 'image', { size: 8192 })
  const [mine, outer] = [await Image.open(inside, 'image'), await Image.open(ioctx, 'image')]
  t.same([await mine.size(), await outer.size()], [4096, 8192])
  await mine.close()
  await outer.close()
  await t.rejects(namespaceRemove(ioctx, first), { code: 'EBUSY' })
  await t.rejects(Image.open(inside, 'none'), {
    code: 'ENOENT',
    namespace: first,
    message: `ENOENT: no such file or directory, rbd_open '${ioctx.pool}/${first}/none'`,
  })
  await Image.remove(inside, 'image')
  await inside.close()
  await namespaceRemove(ioctx, first)
  t.equal(await namespaceExists(ioctx, first), false)
  t.equal(await namespaceExists(ioctx, second), true)
  await t.rejects(namespaceExists(ioctx, ''), { code: 'ERR_INVALID_ARG_VALUE' })
  t.equal((await namespaceList(ioctx))[0], second)
  await t.rejects(namespaceRemove(ioctx, first), { code: 'ENOENT' })
  const nowhere = await cluster.openIoCtx(ioctx.pool, { namespace: 'nowhere' })
  await t.rejects(Image.create(nowhere, 'image', { size: 1 }), { code: 'ENOENT', namespace: 'nowhere' })
  for (const name of ['', 'a/b', 'a@b', 'a\0']) {
    await t.rejects(namespaceCreate(ioctx, name), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(name))
  }
})
