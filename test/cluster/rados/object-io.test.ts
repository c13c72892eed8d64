/** Objects by asynchronous calls: what they do is read back by the `rados` command, or by another call. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CephError, WriteOp } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

const bytes = (text: string): Buffer => Buffer.from(text)

t.test('write, append, same, truncate, zero: the rados command sees it', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const file = join(t.testdir(), 'object')
  const content = async (): Promise<string> => {
    await rados('get', 'object', file)
    return readFileSync(file, 'latin1')
  }
  await ioctx.writeObject('object', bytes('0123456789'), 0)
  t.equal(await content(), '0123456789', 'writeObject creates')
  await ioctx.writeObject('object', bytes('ab'), 3n)
  t.equal(await content(), '012ab56789', 'and writes in the middle')
  await ioctx.writeObject('object', bytes('!'), 12)
  t.equal(await content(), '012ab56789\0\0!', 'and behind the end')
  await ioctx.appendObject('object', bytes('end'))
  t.equal(await content(), '012ab56789\0\0!end')
  await ioctx.truncateObject('object', 5)
  t.equal(await content(), '012ab', 'cut')
  await ioctx.truncateObject('object', 7)
  t.equal(await content(), '012ab\0\0', 'and longer')
  await ioctx.zeroObject('object', { position: 1, length: 2 })
  t.equal(await content(), '0\0\0ab\0\0')
  await ioctx.zeroObject('none', { position: 0, length: 2 })
  await t.rejects(ioctx.statObject('none'), { code: 'ENOENT' }, 'zeros make no object')
  await ioctx.writeSameObject('object', bytes('xy'), { position: 2, length: 6 })
  t.equal(await content(), '0\0xyxyxy')
  await ioctx.appendObject('new', bytes('first'))
  await ioctx.appendObject('new', new Uint8Array())
  t.equal((await ioctx.readObject('new')).toString(), 'first')
  await ioctx.writeObject('empty', new Uint8Array(), 0)
  t.equal((await ioctx.statObject('empty')).size, 0)
  await ioctx.flush()
  const wrong = { code: 'ERR_INVALID_ARG_VALUE' }
  await t.rejects(ioctx.writeSameObject('object', bytes('xyz'), { position: 0, length: 8 }), wrong)
  await t.rejects(ioctx.writeSameObject('object', bytes(''), { position: 0, length: 8 }), wrong)
  await t.rejects(ioctx.writeObject('object', bytes('x'), -1), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(ioctx.appendObject('object', 'x' as unknown as Buffer), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal(await content(), '0\0xyxyxy', 'what was refused did nothing')
})

t.test('a megabyte, names that are long or not ASCII, far positions', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const data = randomBytes(1024 * 1024)
  for (const name of ['with spaces', 'ключ 鍵 🔑', 'n'.repeat(600), '🔑'.repeat(127), 'x'.repeat(511)]) {
    await ioctx.writeObject(name, data, 0)
    t.ok((await ioctx.readObject(name)).equals(data), `${name.length} characters`)
    t.ok((await rados('ls')).split('\n').includes(name), name.slice(0, 20))
    await ioctx.removeObject(name)
  }
  // Larger than any OSD lets an object be.
  await t.rejects(ioctx.writeObject('far', bytes('x'), 2 ** 40), {
    code: 'EFBIG',
    syscall: 'rados_aio_write',
  })
  await t.rejects(ioctx.writeObject('n'.repeat(5000), data, 0), { code: 'ENAMETOOLONG' })
})

t.test('compare: where it differs', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('0123456789'))
  t.equal(await ioctx.compareObject('object', bytes('345'), 3), undefined)
  t.equal(await ioctx.compareObject('object', bytes('3x5'), 3), 1)
  t.equal(await ioctx.compareObject('object', bytes('x'), 0), 0)
  t.equal(await ioctx.compareObject('object', bytes('89x'), 8), 2, 'it ends before')
  t.equal(await ioctx.compareObject('object', bytes('89\0'), 8), undefined, 'as if it had zeros')
  await t.rejects(ioctx.compareObject('none', bytes('x'), 0), {
    code: 'ENOENT',
    syscall: 'rados_aio_cmpext',
    object: 'none',
  })
})

t.test('checksums by the OSD', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('123456789'))
  // The check value of CRC-32C is e3069283, which is inverted at the end; Ceph's is not.
  const crc = await ioctx.checksumObject('object', { algorithm: 'crc32c', length: 9 })
  t.same(crc, [~0xe3069283 >>> 0])
  t.same(await ioctx.checksumObject('object', { algorithm: 'xxhash32', length: 9 }), [0x937bad67])
  t.same(await ioctx.checksumObject('object', { algorithm: 'xxhash64', length: 9 }), [0x8cb841db40e6ae83n])
  const thirds = await ioctx.checksumObject('object', { algorithm: 'crc32c', length: 9, chunkSize: 3 })
  t.equal(thirds.length, 3)
  const [third] = await ioctx.checksumObject('object', { algorithm: 'crc32c', position: 6, length: 3 })
  t.equal(thirds[2], third)
  const seeded = await ioctx.checksumObject('object', { algorithm: 'crc32c', length: 9, seed: 1 })
  t.not(seeded[0], crc[0])
  await t.rejects(ioctx.checksumObject('object', { algorithm: 'crc32c', length: 10 }), {
    code: 'ERR_OUT_OF_RANGE',
  })
  await t.rejects(ioctx.checksumObject('none', { algorithm: 'crc32c', length: 1 }), { code: 'ENOENT' })
  await t.rejects(ioctx.checksumObject('object', { algorithm: 'crc32c', length: 9, chunkSize: 2 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  // @ts-expect-error no such algorithm
  await t.rejects(ioctx.checksumObject('object', { algorithm: 'md5', length: 9 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

t.test('class methods', async (t) => {
  const { ioctx } = await openPool(t)
  await ioctx.createObject('object')
  const answer = await ioctx.execObject('object', 'hello', 'say_hello', bytes('you'))
  t.equal(answer.toString(), 'Hello, you!')
  await ioctx.execObject('recorded', 'hello', 'record_hello', bytes('them'))
  t.equal((await ioctx.execObject('recorded', 'hello', 'replay')).toString(), 'Hello, them!')
  await t.rejects(ioctx.execObject('object', 'hello', 'none'), { code: 'EOPNOTSUPP' })
  await t.rejects(ioctx.execObject('object', 'none', 'none'), { code: 'EPERM' })
  await ioctx.operate('made', new WriteOp().exec('hello', 'record_hello', bytes('op')))
  t.equal((await ioctx.execObject('made', 'hello', 'replay')).toString(), 'Hello, op!')
})

t.test('extended attributes', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const large = randomBytes(50_000)
  await ioctx.xattrs.set('object', 'a', bytes('one'))
  await ioctx.xattrs.set('object', 'large', large)
  await ioctx.xattrs.set('object', 'empty', new Uint8Array())
  t.equal(await rados('getxattr', 'object', 'a'), 'one')
  t.equal((await ioctx.xattrs.get('object', 'a')).toString(), 'one')
  t.ok((await ioctx.xattrs.get('object', 'large')).equals(large), 'larger than the first buffer')
  t.equal((await ioctx.xattrs.get('object', 'empty')).length, 0)
  const all = await ioctx.xattrs.list('object')
  t.same([...all.keys()].sort(), ['a', 'empty', 'large'])
  t.ok(all.get('large')?.equals(large))
  await ioctx.xattrs.remove('object', 'a')
  t.notMatch(await rados('listxattr', 'object'), /^a$/m)
  await t.rejects(ioctx.xattrs.get('object', 'a'), { code: 'ENODATA', syscall: 'rados_aio_getxattr' })
  await t.rejects(ioctx.xattrs.get('none', 'a'), { code: 'ENOENT', object: 'none' })
  await t.rejects(ioctx.xattrs.list('none'), { code: 'ENOENT', object: 'none' })
})

t.test('calls on one object are done in their order, and many at once', async (t) => {
  const { ioctx } = await openPool(t)
  const count = 500
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      i % 3 === 0
        ? ioctx.operate('order', new WriteOp().append(bytes(`${i},`)))
        : ioctx.appendObject('order', bytes(`${i},`)),
    ),
  )
  const expected = Array.from({ length: count }, (_, i) => `${i},`).join('')
  t.equal((await ioctx.readObject('order')).toString(), expected)
  const names = Array.from({ length: 2000 }, (_, i) => `many-${i}`)
  await Promise.all(names.map((name) => ioctx.writeFull(name, bytes(name))))
  const read = await Promise.all(names.map((name) => ioctx.readObject(name, { length: 100 })))
  t.same(
    read.map((one) => one.toString()),
    names,
  )
})

t.test('an abort, a close, and who called', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await ioctx.writeFull('object', bytes('content'))
  const before = new Error('before')
  const aborted = AbortSignal.abort(before)
  for (const call of [
    ioctx.readObject('object', { length: 1, signal: aborted }),
    ioctx.writeObject('object', bytes('x'), 0, { signal: aborted }),
    ioctx.compareObject('object', bytes('x'), 0, { signal: aborted }),
    ioctx.xattrs.get('object', 'a', { signal: aborted }),
  ] as Promise<unknown>[]) {
    await t.rejects(call, before)
  }
  t.equal((await ioctx.readObject('object')).toString(), 'content')
  const controller = new AbortController()
  const call = ioctx.readObject('object', { length: 7, signal: controller.signal })
  controller.abort(before)
  await t.rejects(call, before, 'aborted under way')
  const late = new AbortController()
  t.equal((await ioctx.readObject('object', { length: 7, signal: late.signal })).toString(), 'content')
  late.abort(before)

  const other = await cluster.openIoCtx(ioctx.pool)
  const writes = Array.from({ length: 50 }, (_, i) => other.writeFull(`closing-${i}`, bytes('x')))
  const closing = other.close()
  await Promise.all(writes)
  await closing
  t.equal((await ioctx.readObject('closing-49')).toString(), 'x', 'close() waited')
  await t.rejects(other.writeFull('object', bytes('x')), { code: 'EBADF', syscall: 'rados_aio_write_full' })

  async function someCaller(): Promise<void> {
    await ioctx.readObject('none', { length: 1 })
  }
  const error = await someCaller().catch((thrown: unknown) => thrown)
  t.ok(error instanceof CephError)
  t.match((error as Error).stack, /someCaller/)
})
