/** Operations that read, and the comparisons of both kinds. */
import { CephError, ReadOp, WriteOp } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { openPool } from '../copy/fixture.js'

const bytes = (text: string): Buffer => Buffer.from(text)
const pairs = (given: Record<string, string>): Map<string, Buffer> =>
  new Map(Object.entries(given).map(([key, value]) => [key, bytes(value)]))
const texts = (map: Map<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...map].map(([key, value]) => [key, value.toString()]))

t.test('each step has its result', async (t) => {
  const { ioctx } = await openPool(t)
  const made = new WriteOp()
    .writeFull(bytes('0123456789'))
    .setXattr('x', bytes('attribute'))
    .omapSet(pairs({ a1: '1', a2: '2', b1: '3' }))
  const { version } = await ioctx.operate('object', made, { mtime: new Date(1_600_000_000_000) })
  const op = new ReadOp()
    .assertExists()
    .read({ position: 2, length: 3 })
    .stat()
    .assertVersion(version)
    .xattrs()
    .omapEntries()
    .omapEntries({ after: 'a1', limit: 1 })
    .omapEntries({ prefix: 'b' })
    .omapKeys({ limit: 2 })
    .omapGet(['a2', 'none'])
    .checksum({ algorithm: 'crc32c', length: 10 })
    .exec('hello', 'say_hello', bytes('you'))
    .read({ position: 8, length: 100 })
  const answer = await ioctx.operate('object', op)
  t.equal(answer.version, version)
  const [read, stat, xattrs, all, after, prefix, keys, got, sums, hello, short] = answer.results
  t.equal(answer.results.length, 11)
  t.equal(read.toString(), '234')
  t.same(stat, { size: 10, mtimeMs: 1_600_000_000_000 })
  t.same(texts(xattrs), { x: 'attribute' })
  t.same([texts(all.entries), all.more], [{ a1: '1', a2: '2', b1: '3' }, false])
  t.same([texts(after.entries), after.more], [{ a2: '2' }, true])
  t.same([texts(prefix.entries), prefix.more], [{ b1: '3' }, false])
  t.same(keys, { entries: ['a1', 'a2'], more: true })
  t.same(texts(got), { a2: '2' })
  t.same(sums, await ioctx.checksumObject('object', { algorithm: 'crc32c', length: 10 }))
  t.equal(hello.toString(), 'Hello, you!')
  t.equal(short.toString(), '89')
  t.equal((await ioctx.statObject('object')).mtimeMs, 1_600_000_000_000)
  t.same((await ioctx.operate('object', new ReadOp())).results, [])
})

t.test('times of objects are of milliseconds, before Ceph 18 of seconds', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const given = 1_600_000_000_789
  const expected = cephHas('18.2.0') ? given : 1_600_000_000_000
  await ioctx.operate('object', new WriteOp().writeFull(bytes('x')), { mtime: new Date(given) })
  t.equal((await ioctx.statObject('object')).mtimeMs, expected)
  const { results } = await ioctx.operate('object', new ReadOp().stat())
  t.equal(results[0].mtimeMs, expected)
  t.match(await rados('stat', 'object'), /2020-09-1[23]T/)
})

t.test('a step that fails is named; with failok the rest is done', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('0123456789'))
  const refused = { name: 'CephError', syscall: 'rados_aio_read_op_operate', object: 'object' }
  // The class takes no name that is so long.
  const fails = new ReadOp().stat().exec('hello', 'say_hello', Buffer.alloc(200, 'x'))
  await t.rejects(ioctx.operate('object', fails), {
    ...refused,
    code: 'EINVAL',
    message: /step 2 of the operation$/,
  })
  await t.rejects(ioctx.operate('object', new ReadOp().stat().compare(bytes('01x'), 0)), {
    ...refused,
    code: 'ECANCELED',
    message: /step 2 of the operation: the object differs 2 bytes into/,
  })
  await t.rejects(ioctx.operate('none', new ReadOp().stat()), { code: 'ENOENT', object: 'none' })
  await t.rejects(ioctx.operate('object', new ReadOp().assertVersion(2n ** 50n)), { code: 'EOVERFLOW' })
  const op = new ReadOp()
    .exec('hello', 'say_hello', Buffer.alloc(200, 'x'))
    .flags(['failok'])
    .read({ length: 2 })
  const { results } = await ioctx.operate('object', op)
  t.same([results[0], results[1].toString()], [undefined, '01'])
})

t.test('comparisons of attributes and of the omap', async (t) => {
  const { ioctx } = await openPool(t)
  const made = new WriteOp()
    .create()
    .setXattr('x', bytes('m'))
    .omapSet(pairs({ k: 'm' }))
  await ioctx.operate('object', made)
  const holds = async (op: ReadOp | WriteOp): Promise<boolean> => {
    try {
      await (op instanceof WriteOp ? ioctx.operate('object', op) : ioctx.operate('object', op))
      return true
    } catch (error) {
      if (error instanceof CephError && error.code === 'ECANCELED') return false
      throw error
    }
  }
  // What is given is compared with what is there.
  for (const [comparison, ...expected] of [
    ['eq', false, true, false],
    ['ne', true, false, true],
    ['gt', false, false, true],
    ['gte', false, true, true],
    ['lt', true, false, false],
    ['lte', true, true, false],
  ] as const) {
    for (const [i, value] of ['a', 'm', 'z'].entries()) {
      const label = `${value} ${comparison} m`
      t.equal(await holds(new ReadOp().compareXattr('x', comparison, bytes(value))), expected[i], label)
      t.equal(await holds(new WriteOp().compareXattr('x', comparison, bytes(value))), expected[i], label)
    }
  }
  for (const [comparison, value] of [
    ['eq', 'm'],
    ['lt', 'z'],
    ['gt', 'a'],
  ] as const) {
    t.ok(
      await holds(new ReadOp().compareOmap('k', comparison, bytes(value))),
      `read, m ${comparison} ${value}`,
    )
    t.ok(
      await holds(new WriteOp().compareOmap('k', comparison, bytes(value))),
      `write, m ${comparison} ${value}`,
    )
  }
  t.notOk(await holds(new ReadOp().compareOmap('k', 'eq', bytes('n'))))
  t.notOk(await holds(new WriteOp().compareOmap('k', 'eq', bytes('n')).setXattr('x', bytes('lost'))))
  t.equal((await ioctx.xattrs.get('object', 'x')).toString(), 'm', 'nothing was done')
  t.ok(await holds(new WriteOp().compareXattr('x', 'eq', bytes('m')).setXattr('x', bytes('n'))))
  t.equal((await ioctx.xattrs.get('object', 'x')).toString(), 'n')
})

t.test('a comparison after a change is never sent', async (t) => {
  const changes: Record<string, (op: WriteOp) => WriteOp> = {
    write: (op) => op.write(bytes('x'), 0),
    writeSame: (op) => op.writeSame(bytes('x'), { position: 0, length: 2 }),
    truncate: (op) => op.truncate(1),
    zero: (op) => op.zero({ position: 0, length: 1 }),
    exec: (op) => op.exec('hello', 'record_hello'),
    remove: (op) => op.remove(),
  }
  const refused = { code: 'ERR_INVALID_ARG_VALUE', message: /cannot be compared after/ }
  for (const [name, change] of Object.entries(changes)) {
    t.throws(() => change(new WriteOp()).compare(bytes('x'), 0), refused, name)
    t.throws(() => change(new WriteOp()).compareXattr('x', 'eq', bytes('x')), refused, name)
    t.throws(() => change(new WriteOp()).compareOmap('x', 'eq', bytes('x')), refused, name)
  }
  t.throws(() => new WriteOp().setXattr('x', bytes('x')).compareXattr('x', 'eq', bytes('x')), refused)
  t.throws(() => new WriteOp().omapClear().compareOmap('x', 'eq', bytes('x')), refused)
})

t.test('the other steps that write', async (t) => {
  const { ioctx } = await openPool(t)
  const content = async (): Promise<string> => (await ioctx.readObject('object')).toString('latin1')
  await ioctx.operate('object', new WriteOp().writeSame(bytes('ab'), { position: 0, length: 6 }))
  t.equal(await content(), 'ababab')
  await ioctx.operate('object', new WriteOp().truncate(4).zero({ position: 1, length: 1 }))
  t.equal(await content(), 'a\0ab')
  await ioctx.operate('object', new WriteOp().omapSet(pairs({ a: '1', b: '2', c: '3', d: '4' })))
  await ioctx.operate('object', new WriteOp().omapRemoveRange('b', 'd'))
  t.same([...(await ioctx.omap.get('object', ['a', 'b', 'c', 'd'])).keys()], ['a', 'd'])
  await ioctx.operate('object', new WriteOp().omapClear())
  t.equal((await ioctx.omap.get('object', ['a', 'd'])).size, 0)
  const hint = {
    objectSize: 4 << 20,
    writeSize: 4096,
    flags: ['random-write', 'incompressible', 'log'],
  } as const
  await ioctx.operate('hinted', new WriteOp().create().allocationHint(hint))
  t.equal((await ioctx.statObject('hinted')).size, 0)
  // A failed step with failok does not keep the rest from being done.
  const op = new WriteOp().create().flags(['excl', 'failok']).append(bytes('+'))
  await ioctx.operate('object', op)
  t.equal(await content(), 'a\0ab+')
  await ioctx.operate('object', new WriteOp().remove(), { flags: ['full-force', 'full-try'] })
  await t.rejects(ioctx.statObject('object'), { code: 'ENOENT' })
  t.throws(() => new WriteOp().flags(['failok']), { code: 'ERR_INVALID_ARG_VALUE' })
  // @ts-expect-error no such flag
  await t.rejects(ioctx.operate('object', new WriteOp(), { flags: ['none'] }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

t.test('versions', async (t) => {
  const { ioctx } = await openPool(t)
  const first = await ioctx.operate('object', new WriteOp().writeFull(bytes('a')))
  const read = await ioctx.operate('object', new ReadOp().read({ length: 10 }))
  t.equal(read.version, first.version)
  const second = await ioctx.operate('object', new WriteOp().assertVersion(first.version).append(bytes('b')))
  t.ok(second.version > first.version)
  const stale = new WriteOp().assertVersion(first.version).append(bytes('lost'))
  await t.rejects(ioctx.operate('object', stale), { code: 'ERANGE' })
  t.equal((await ioctx.readObject('object')).toString(), 'ab')
})
