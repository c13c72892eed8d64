/** Listing objects: all of them, once each; namespaces; where another listing goes on. */
import t from 'tap'
import { long } from '../../helpers/long.js'
import { openPool } from '../copy/fixture.js'

const bytes = (text: string): Buffer => Buffer.from(text)
const own = (name: string): boolean => !name.startsWith('rbd_')

t.test('all objects, once each, as the rados command lists them', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const names = Array.from({ length: 10_000 }, (_, i) => (i % 100 === 0 ? `ключ ${i}` : `object-${i}`))
  await Promise.all(names.map((name) => ioctx.writeFull(name, bytes('x'))))
  const ways = [{}, { slices: 1 }, { slices: 7, pageSize: 50 }]
  for (const options of long ? [...ways, { pageSize: 1 }] : ways) {
    const found: string[] = []
    for await (const { name, namespace, locator } of ioctx.objects(options)) {
      found.push(name)
      if (namespace !== '' || locator !== '') t.fail(`${name}: ${namespace} ${locator}`)
    }
    t.same(found.filter(own).sort(), [...names].sort(), JSON.stringify(options))
    if (options.pageSize === undefined && options.slices === undefined)
      t.same([...found].sort(), (await rados('ls')).trim().split('\n').sort())
  }
})

t.test('namespaces and locators', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await using apart = await cluster.openIoCtx(ioctx.pool, { namespace: 'apart' })
  await using placed = await cluster.openIoCtx(ioctx.pool, { locator: 'key' })
  await ioctx.writeFull('one', bytes('x'))
  await apart.writeFull('two', bytes('x'))
  await placed.writeFull('three', bytes('x'))
  const list = async (given: typeof ioctx, options?: object): Promise<string[]> => {
    const found: string[] = []
    for await (const { name, namespace, locator } of given.objects(options))
      if (own(name)) found.push([namespace, name, locator].join('/'))
    return found.sort()
  }
  t.same(await list(ioctx), ['/one/', '/three/key'])
  t.same(await list(apart), ['apart/two/'])
  t.same(await list(apart, { allNamespaces: true }), ['/one/', '/three/key', 'apart/two/'])
  await t.rejects(ioctx.statObject('three'), { code: 'ENOENT' }, 'it is somewhere else')
  t.equal((await placed.readObject('three')).toString(), 'x')
})

t.test('a listing that was left goes on elsewhere', async (t) => {
  const { ioctx } = await openPool(t)
  const names = Array.from({ length: 2000 }, (_, i) => `object-${i}`)
  await Promise.all(names.map((name) => ioctx.writeFull(name, bytes('x'))))
  for (const slices of [1, 3]) {
    const found = new Set<string>()
    let listed = 0
    let cursor: string | undefined
    let loops = 0
    for (let over = false; !over; loops++) {
      const objects = ioctx.objects({ slices, pageSize: 100, ...(cursor !== undefined && { cursor }) })
      over = true
      let here = 0
      for await (const { name } of objects) {
        found.add(name)
        listed++
        if (++here > 450) {
          over = false
          break
        }
      }
      ;({ cursor } = objects)
    }
    t.ok(loops > 3, `${loops} loops`)
    t.same([...found].filter(own).sort(), [...names].sort())
    t.ok(listed < 1.6 * names.length, `${listed} listed: not from the beginning each time`)
    t.match(cursor, /end/)
    for await (const { name } of ioctx.objects({ cursor: cursor as string })) t.fail(name)
  }
  t.throws(() => ioctx.objects({ cursor: 'x' }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => ioctx.objects({ cursor: '1:begin', slices: 2 }), { code: 'ERR_INVALID_ARG_VALUE' })
  // @ts-expect-error no such option
  t.throws(() => ioctx.objects({ parallel: 2 }), { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('an abort, and a closed ioctx', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await Promise.all(Array.from({ length: 100 }, (_, i) => ioctx.writeFull(`o${i}`, bytes('x'))))
  const reason = new Error('enough')
  const controller = new AbortController()
  let seen = 0
  await t.rejects(async () => {
    for await (const _ of ioctx.objects({ pageSize: 5, signal: controller.signal }))
      if (++seen === 10) controller.abort(reason)
  }, reason)
  t.ok(seen < 100)
  const other = await cluster.openIoCtx(ioctx.pool)
  await other.close()
  await t.rejects(
    async () => {
      for await (const _ of other.objects()) t.fail('it is closed')
    },
    { code: 'EBADF' },
  )
})
