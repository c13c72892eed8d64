import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IoCtx, WriteOp } from 'rbdkit'
import t, { type Test } from 'tap'
import { type CopyPool, openPool } from '../copy/fixture.js'

const bytes = (text: string): Buffer => Buffer.from(text)
const pairs = (given: Record<string, string>): Map<string, Buffer> =>
  new Map(Object.entries(given).map(([key, value]) => [key, bytes(value)]))
const content = async (ioctx: IoCtx, object: string): Promise<string> =>
  (await ioctx.readObject(object)).toString()

/** What an object has besides its content, as the `rados` command sees it. */
function others(t: Test, { rados }: CopyPool) {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  const file = join(t.testdir(), 'value')
  return {
    async omap(object: string): Promise<Record<string, string>> {
      const found: Record<string, string> = {}
      for (const key of lines(await rados('listomapkeys', object))) {
        await rados('getomapval', object, key, file)
        found[key] = readFileSync(file, 'latin1')
      }
      return found
    },
    async xattrs(object: string): Promise<Record<string, string>> {
      const found: Record<string, string> = {}
      for (const name of lines(await rados('listxattr', object)))
        found[name] = await rados('getxattr', object, name)
      return found
    },
  }
}

t.test('each step does what it says', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const { omap, xattrs } = others(t, pool)
  await ioctx.operate('object', new WriteOp().create())
  t.equal((await ioctx.statObject('object')).size, 0, 'create')
  await ioctx.operate('object', new WriteOp().writeFull(bytes('0123456789')))
  t.equal(await content(ioctx, 'object'), '0123456789', 'writeFull')
  await ioctx.operate('object', new WriteOp().create())
  t.equal(await content(ioctx, 'object'), '0123456789', 'create leaves what is there')
  await ioctx.operate('object', new WriteOp().write(bytes('abc'), 2))
  t.equal(await content(ioctx, 'object'), '01abc56789', 'write')
  await ioctx.operate('object', new WriteOp().write(bytes('!'), 12n))
  t.equal(await content(ioctx, 'object'), '01abc56789\0\0!', 'write behind the end')
  await ioctx.operate('object', new WriteOp().append(bytes('end')))
  t.equal(await content(ioctx, 'object'), '01abc56789\0\0!end', 'append')
  await ioctx.operate('object', new WriteOp().writeFull(bytes('short')))
  t.equal(await content(ioctx, 'object'), 'short', 'writeFull again')

  await ioctx.operate('object', new WriteOp().setXattr('a', bytes('one')).setXattr('b', bytes('two')))
  t.same(await xattrs('object'), { a: 'one', b: 'two' }, 'setXattr')
  await ioctx.operate('object', new WriteOp().setXattr('a', bytes('three')).removeXattr('b'))
  t.same(await xattrs('object'), { a: 'three' }, 'setXattr again, removeXattr')

  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const omapSet = new Map([...pairs({ k1: 'v1', k2: '', 'ключ 鍵': 'v3' }), ['bytes', all] as const])
  await ioctx.operate('object', new WriteOp().omapSet(omapSet))
  const set = { bytes: all.toString('latin1'), k1: 'v1', k2: '', 'ключ 鍵': 'v3' }
  t.same(await omap('object'), set, 'omapSet')
  await ioctx.operate('object', new WriteOp().omapSet(pairs({ k1: 'changed' })).omapRemove(['k2', 'none']))
  const { k2: _, ...rest } = set
  t.same(await omap('object'), { ...rest, k1: 'changed' }, 'omapSet again, omapRemove')
  const many = Array.from({ length: 1000 }, (_, i) => `many-${i}`)
  const op = new WriteOp().omapSet(new Map(many.map((key) => [key, bytes(key)])))
  await ioctx.operate('object', op.omapRemove(many.slice(1)))
  t.same(
    Object.keys(await omap('object')).filter((key) => key.startsWith('many')),
    ['many-0'],
  )

  t.equal(await content(ioctx, 'object'), 'short', 'none of which touched the content')
  await ioctx.operate('object', new WriteOp().assertExists().remove())
  await t.rejects(ioctx.statObject('object'), { code: 'ENOENT' }, 'remove')
  await ioctx.operate('nothing', new WriteOp())
  await t.rejects(ioctx.statObject('nothing'), { code: 'ENOENT' }, 'no step does nothing')
})

t.test('steps are done in their order, in the namespace of the ioctx', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const op = new WriteOp()
  t.equal(op.create({ exclusive: true }), op, 'a step gives the operation')
  await ioctx.operate('object', op.append(bytes('ab')).append(bytes('cd')).write(bytes('X'), 1))
  t.equal(await content(ioctx, 'object'), 'aXcd')
  await ioctx.operate(
    'object',
    new WriteOp().append(bytes('lost')).writeFull(bytes('new')).append(bytes('!')),
  )
  t.equal(await content(ioctx, 'object'), 'new!')
  await ioctx.operate('object', new WriteOp().remove().create().append(bytes('again')))
  t.equal(await content(ioctx, 'object'), 'again')

  await using apart = await cluster.openIoCtx(ioctx.pool, { namespace: 'apart' })
  await apart.operate('object', new WriteOp().create({ exclusive: true }).append(bytes('theirs')))
  t.equal(await content(apart, 'object'), 'theirs')
  t.equal(await content(ioctx, 'object'), 'again')
})

t.test('all steps or none', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const { omap, xattrs } = others(t, pool)
  const first = new WriteOp()
    .writeFull(bytes('content'))
    .setXattr('x', bytes('1'))
    .omapSet(pairs({ k: 'v' }))
  await ioctx.operate('object', first)
  const change = (op = new WriteOp()) =>
    op
      .writeFull(bytes('other'))
      .setXattr('x', bytes('2'))
      .setXattr('y', bytes('2'))
      .omapSet(pairs({ k: 'w', l: 'w' }))
      .omapRemove(['k'])
  const failing: Record<string, [op: WriteOp, code: string]> = {
    'compare before': [change(new WriteOp().compare(bytes('contest'), 0)), 'ECANCELED'],
    'exclusive create': [change().create({ exclusive: true }), 'EEXIST'],
    'an old version': [change().assertVersion(1), 'ERANGE'],
    'a version that is to come': [change().assertVersion(2n ** 50n), 'EOVERFLOW'],
  }
  for (const [label, [op, code]] of Object.entries(failing)) {
    await t.rejects(
      ioctx.operate('object', op),
      { name: 'CephError', code, syscall: 'rados_aio_write_op_operate', pool: ioctx.pool, object: 'object' },
      label,
    )
    t.equal(await content(ioctx, 'object'), 'content', label)
    t.same(await xattrs('object'), { x: '1' }, label)
    t.same(await omap('object'), { k: 'v' }, label)
  }
  await ioctx.operate('object', change())
  t.equal(await content(ioctx, 'object'), 'other', 'the same steps without it')
  t.same(await xattrs('object'), { x: '2', y: '2' })
  t.same(await omap('object'), { l: 'w' })

  const missing = { code: 'ENOENT', object: 'none' }
  await t.rejects(ioctx.operate('none', new WriteOp().assertExists().append(bytes('x'))), missing)
  await t.rejects(ioctx.operate('none', new WriteOp().remove()), missing)
  await t.rejects(ioctx.statObject('none'), missing, 'it was not made')
})

t.test('compare: where, and what differs', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('0123456789'))
  await ioctx.operate('object', new WriteOp().compare(bytes('345'), 3).append(bytes('+')))
  t.equal(await content(ioctx, 'object'), '0123456789+')
  const differs = { code: 'ECANCELED', errno: -125, syscall: 'rados_aio_write_op_operate', object: 'object' }
  await t.rejects(ioctx.operate('object', new WriteOp().compare(bytes('34x'), 3).append(bytes('-'))), {
    ...differs,
    message: /step 1 of the operation: the object differs 2 bytes into what it was compared with$/,
    mismatch: 2,
  })
  const late = new WriteOp().assertExists().compare(bytes('012'), 0).compare(bytes('x'), 0)
  await t.rejects(ioctx.operate('object', late), {
    ...differs,
    message: /step 3 of the operation: .* 0 bytes/,
    mismatch: 0,
  })
  await t.rejects(
    ioctx.operate('object', new WriteOp().compare(bytes('+more'), 10)),
    { ...differs, message: / 1 bytes/ },
    'the object ends before',
  )
  t.equal(await content(ioctx, 'object'), '0123456789+')
  await ioctx.operate('object', new WriteOp().setXattr('x', bytes('1')).create().compare(bytes('0'), 0))
  // Bytes are compared before they are changed.
  for (const step of ['writeFull', 'append'] as const)
    t.throws(
      () => new WriteOp()[step](bytes('x')).compare(bytes('x'), 0),
      { code: 'ERR_INVALID_ARG_VALUE' },
      step,
    )
  const written = new WriteOp().write(bytes('x'), 0)
  t.throws(() => written.compare(bytes('x'), 0), { code: 'ERR_INVALID_ARG_VALUE' }, 'write')
  t.throws(() => new WriteOp().remove().compare(bytes('x'), 0), { message: /after rados_write_op_remove$/ })
  await ioctx.operate('object', written)
  t.equal(await content(ioctx, 'object'), 'x123456789+', 'what was refused is no step')
})

t.test('assertVersion: every change of the object has its version', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('a'))
  /** By asking, since nothing tells it. */
  const version = async (): Promise<number> => {
    let [least, most] = [1, 2 ** 40]
    while (least < most) {
      const middle = Math.floor((least + most) / 2)
      try {
        await ioctx.operate('object', new WriteOp().assertVersion(middle).assertExists())
        return middle
      } catch (error) {
        const { code } = error as { code: string }
        if (code === 'ERANGE') least = middle + 1
        else if (code === 'EOVERFLOW') most = middle
        else throw error
      }
    }
    throw new Error('it has no version')
  }
  const before = await version()
  await ioctx.operate('object', new WriteOp().assertVersion(before).writeFull(bytes('b')))
  t.equal(await content(ioctx, 'object'), 'b')
  const again = new WriteOp().assertVersion(before).writeFull(bytes('c'))
  await t.rejects(ioctx.operate('object', again), { code: 'ERANGE' }, 'it has another since')
  t.equal(await content(ioctx, 'object'), 'b')
  const after = await version()
  t.ok(after > before, `${before}, ${after}`)
  await ioctx.operate('object', new WriteOp().assertVersion(BigInt(after)).writeFull(bytes('c')))
  t.equal(await content(ioctx, 'object'), 'c')
})

t.test('an operation is used again, and bytes are taken when it is run', async (t) => {
  const { ioctx } = await openPool(t)
  const buffer = bytes('one,')
  const op = new WriteOp().append(buffer)
  buffer.write('two,')
  const running = ioctx.operate('object', op)
  buffer.write('six,')
  await running
  t.equal(await content(ioctx, 'object'), 'two,')
  await ioctx.operate('object', op)
  await ioctx.operate('other', op)
  t.equal(await content(ioctx, 'object'), 'two,six,')
  t.equal(await content(ioctx, 'other'), 'six,')
  op.append(bytes('more,'))
  await Promise.all([ioctx.operate('object', op), ioctx.operate('object', op)])
  t.equal(await content(ioctx, 'object'), 'two,six,six,more,six,more,')
  // A part of a larger buffer.
  const part = bytes('0123456789').subarray(3, 5)
  await ioctx.operate('part', new WriteOp().writeFull(part).setXattr('x', new Uint8Array(part)))
  t.equal(await content(ioctx, 'part'), '34')
})

t.test('wrong input', async (t) => {
  const { ioctx } = await openPool(t)
  // biome-ignore lint/suspicious/noExplicitAny: wrong values are what is tested
  const op = new WriteOp() as any
  const wrong: [step: () => unknown, code: string, label: string][] = [
    [() => op.writeFull('text'), 'ERR_INVALID_ARG_TYPE', 'writeFull of a text'],
    [() => op.writeFull(), 'ERR_INVALID_ARG_TYPE', 'writeFull of nothing'],
    [() => op.append(new ArrayBuffer(1)), 'ERR_INVALID_ARG_TYPE', 'append of an ArrayBuffer'],
    [() => op.write(bytes('x')), 'ERR_INVALID_ARG_TYPE', 'write without a position'],
    [() => op.write(bytes('x'), -1), 'ERR_OUT_OF_RANGE', 'write before the beginning'],
    [() => op.compare(bytes('x'), 0.5), 'ERR_OUT_OF_RANGE', 'compare at a fraction'],
    [() => op.compare('x', 0), 'ERR_INVALID_ARG_TYPE', 'compare with a text'],
    [() => op.assertVersion(-1n), 'ERR_OUT_OF_RANGE', 'a negative version'],
    [() => op.assertVersion(0), 'ERR_OUT_OF_RANGE', 'no version'],
    [() => op.assertVersion('1'), 'ERR_INVALID_ARG_TYPE', 'a version that is text'],
    [() => op.create({ exclusive: 1 }), 'ERR_INVALID_ARG_TYPE', 'exclusive: 1'],
    [() => op.setXattr('', bytes('x')), 'ERR_INVALID_ARG_VALUE', 'an attribute without a name'],
    [() => op.setXattr('a\0b', bytes('x')), 'ERR_INVALID_ARG_VALUE', 'an attribute with a NUL'],
    [() => op.setXattr('a', 'x'), 'ERR_INVALID_ARG_TYPE', 'an attribute that is text'],
    [() => op.removeXattr(5), 'ERR_INVALID_ARG_TYPE', 'an attribute by number'],
    [() => op.omapSet({ a: bytes('x') }), 'ERR_INVALID_ARG_TYPE', 'omapSet of an object'],
    [() => op.omapSet(new Map([['a', 'x']])), 'ERR_INVALID_ARG_TYPE', 'omapSet of text'],
    [() => op.omapSet(new Map([['', bytes('x')]])), 'ERR_INVALID_ARG_VALUE', 'omapSet of no key'],
    [() => op.omapRemove('a'), 'ERR_INVALID_ARG_TYPE', 'omapRemove of a text'],
    [() => op.omapRemove(['a', 5]), 'ERR_INVALID_ARG_TYPE', 'omapRemove of a number'],
  ]
  for (const [step, code, label] of wrong) t.throws(step, { code }, label)
  await ioctx.operate('object', op)
  await t.rejects(ioctx.statObject('object'), { code: 'ENOENT' }, 'none of them became a step')
  for (const [object, operation, code] of [
    ['', op, 'ERR_INVALID_ARG_VALUE'],
    [5, op, 'ERR_INVALID_ARG_TYPE'],
    ['object', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['object', { steps: [] }, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    await t.rejects(ioctx.operate(object as string, operation as WriteOp), { code })
  }
  await t.rejects(ioctx.operate('object', op, { signal: AbortSignal.abort(new Error('before')) }), {
    message: 'before',
  })
  await ioctx.close()
  await t.rejects(ioctx.operate('object', op), { code: 'EBADF', syscall: 'rados_aio_write_op_operate' })
})
