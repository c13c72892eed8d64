/** Keys and values of objects, page by page. */
import { ReadOp, WriteOp } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

const key = (i: number): string => `key-${String(i).padStart(6, '0')}`

t.test('set, get, remove; the rados command sees the same', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const given = new Map([
    ['a', Buffer.from('one')],
    ['empty', Buffer.alloc(0)],
    ['bytes', all],
    ['ключ 鍵', Buffer.from('three')],
  ])
  await ioctx.omap.set('object', given)
  t.same((await rados('listomapkeys', 'object')).trim().split('\n').sort(), [...given.keys()].sort())
  t.same(await ioctx.omap.get('object', [...given.keys(), 'none']), given)
  const entries = new Map<string, Buffer>()
  for await (const [name, value] of ioctx.omap.entries('object')) entries.set(name, value)
  t.same(entries, given)
  await ioctx.omap.remove('object', ['a', 'none'])
  await ioctx.omap.removeRange('object', 'b', 'c')
  t.same((await rados('listomapkeys', 'object')).trim().split('\n').sort(), ['empty', 'ключ 鍵'].sort())
  await ioctx.omap.clear('object')
  t.equal(await rados('listomapkeys', 'object'), '')
  for (const call of [
    () => ioctx.omap.get('none', ['a']),
    () => ioctx.omap.remove('none', ['a']),
    () => ioctx.omap.removeRange('none', 'a', 'b'),
    () => ioctx.omap.clear('none'),
    () => ioctx.omap.entries('none').next(),
    () => ioctx.omap.keys('none').next(),
  ] as (() => Promise<unknown>)[]) {
    await t.rejects(call, { code: 'ENOENT', object: 'none' })
  }
})

t.test('keys with NUL bytes', async (t) => {
  const { ioctx } = await openPool(t)
  const keys = ['\0first', 'before', 'nul', 'nul\0', 'nul\0a', 'nul\0b', 'nul\0ключ', 'nul0', 'zebra']
  const pairs = new Map(keys.map((one) => [one, Buffer.from(one)] as const))
  await ioctx.omap.set('object', pairs)
  t.same(
    await ioctx.omap.get('object', ['nul\0a', 'nul', 'nul\0none']),
    new Map([...pairs].filter(([one]) => one === 'nul\0a' || one === 'nul')),
  )
  // Pages that end at each of them: librados takes the key to go on after up to its NUL only.
  for (let pageSize = 1; pageSize <= keys.length + 1; pageSize++) {
    const entries = new Map<string, Buffer>()
    for await (const [name, value] of ioctx.omap.entries('object', { pageSize })) entries.set(name, value)
    t.same([...entries], [...pairs], `${pageSize} at once`)
    const names: string[] = []
    for await (const name of ioctx.omap.keys('object', { pageSize })) names.push(name)
    t.same(names, keys, `keys, ${pageSize} at once`)
  }
  await ioctx.operate(
    'object',
    new WriteOp().compareOmap('nul\0a', 'eq', Buffer.from('nul\0a')).omapRemove(['nul\0a']),
  )
  await ioctx.omap.removeRange('object', 'nul\0', 'nul\0b')
  const left = await ioctx.operate('object', new ReadOp().omapKeys({ limit: 100 }))
  t.same(
    left.results[0].entries,
    keys.filter((one) => one !== 'nul\0a' && one !== 'nul\0'),
  )
  await t.rejects(ioctx.omap.keys('object', { after: 'nul\0' }).next(), { code: 'ERR_INVALID_ARG_VALUE' })

  // More of them than an OSD gives at once (1 024): there is no way past these.
  const many = Array.from({ length: 1500 }, (_, i) => [`same\0${i}`, Buffer.alloc(0)] as const)
  await ioctx.omap.set('many', new Map(many))
  await t.rejects(
    async () => {
      for await (const _ of ioctx.omap.keys('many', { pageSize: 100 }));
    },
    { code: 'EOPNOTSUPP', object: 'many', message: /more keys with the same characters before a NUL/ },
  )
})

t.test('twenty thousand keys, page by page', async (t) => {
  const { ioctx } = await openPool(t)
  const count = 20_000
  for (let at = 0; at < count; at += 5000) {
    const pairs = Array.from({ length: 5000 }, (_, i) => [key(at + i), Buffer.from(String(at + i))] as const)
    await ioctx.operate('object', new WriteOp().omapSet(new Map(pairs)))
  }
  let next = 0
  for await (const [name, value] of ioctx.omap.entries('object', { pageSize: 700 })) {
    if (name !== key(next) || value.toString() !== String(next)) t.fail(`${name} instead of ${key(next)}`)
    next++
  }
  t.equal(next, count)
  let keys = 0
  for await (const name of ioctx.omap.keys('object', { after: key(9999) })) {
    if (name !== key(10_000 + keys)) t.fail(`${name} instead of ${key(10_000 + keys)}`)
    keys++
  }
  t.equal(keys, 10_000)
  const found: string[] = []
  for await (const [name] of ioctx.omap.entries('object', { prefix: 'key-0123', pageSize: 30 }))
    found.push(name)
  t.equal(found.length, 100)
  t.equal(found[0], key(12_300))
  for await (const [name] of ioctx.omap.entries('object')) {
    t.equal(name, key(0), 'a loop may be left')
    break
  }
  const reason = new Error('enough')
  const controller = new AbortController()
  await t.rejects(async () => {
    for await (const [name] of ioctx.omap.entries('object', { pageSize: 10, signal: controller.signal }))
      if (name === key(5)) controller.abort(reason)
  }, reason)
  // @ts-expect-error no such option
  await t.rejects(ioctx.omap.entries('object', { size: 1 }).next(), { code: 'ERR_INVALID_ARG_VALUE' })
})
