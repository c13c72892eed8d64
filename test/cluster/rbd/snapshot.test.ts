import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('snapshots: create, list, rename, protect, roll back, remove', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  t.same(await image.snapshots.list(), [])
  const content = ['first', 'other', 'third']
  for (const [i, text] of content.entries()) {
    await image.write(Buffer.from(text), { position: 0 })
    await image.snapshots.create(text)
    await image.resize((5 + i) * mib)
  }
  const snapshots = await image.snapshots.list()
  t.match(snapshots, [
    { name: 'first', size: 4 * mib, protected: false },
    { name: 'other', size: 5 * mib },
    { name: 'third', size: 6 * mib },
  ])
  t.ok(snapshots.every(({ id, created }) => id > 0n && Math.abs(created.getTime() - Date.now()) < 60_000))
  const theirs = JSON.parse(await rbd('snap', 'ls', '--format', 'json', 'image')) as {
    id: number
    name: string
  }[]
  t.same(
    theirs.map(({ id, name }) => [BigInt(id), name]),
    snapshots.map(({ id, name }) => [id, name]),
  )
  await t.rejects(image.snapshots.create('first'), { code: 'EEXIST', snapshot: 'first', image: 'image' })
  const { pool } = ioctx
  await t.rejects(image.snapshots.rename('first', 'other'), {
    code: 'EEXIST',
    message: `EEXIST: file exists, rbd_snap_rename '${pool}/image@first' -> '${pool}/image@other'`,
  })
  await image.snapshots.rename('other', 'second')
  await t.rejects(image.snapshots.rename('other', 'x'), { code: 'ENOENT', snapshot: 'other' })

  await image.snapshots.protect('second')
  t.equal(await image.snapshots.isProtected('second'), true)
  t.equal(await image.snapshots.isProtected('first'), false)
  await t.rejects(image.snapshots.isProtected('none'), { code: 'ENOENT', snapshot: 'none' })
  await t.rejects(image.snapshots.protect('second'), { code: 'EBUSY', snapshot: 'second' })
  await t.rejects(image.snapshots.remove('second'), { code: 'EBUSY', snapshot: 'second' })
  await t.rejects(image.snapshots.unprotect('first'), { code: 'EINVAL', snapshot: 'first' })

  await image.snapshots.rollback('first')
  t.equal(await image.size(), 4 * mib, 'the size goes back as well')
  t.equal((await image.read({ position: 0, length: 5 })).buffer.toString(), 'first')
  await t.rejects(image.snapshots.rollback('none'), { code: 'ENOENT', snapshot: 'none' })

  await image.snapshots.unprotect('second')
  await image.snapshots.protect('second')
  await image.snapshots.remove('second', { unprotect: true })
  await t.rejects(image.snapshots.remove('second'), { code: 'ENOENT', snapshot: 'second' })
  await t.rejects(image.snapshots.remove('first', { unprotect: 'yes' as unknown as boolean }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.same(
    (await image.snapshots.list()).map(({ name }) => name),
    ['first', 'third'],
  )
  // More than the first answer has room for.
  for (let i = 0; i < 20; i++) await image.snapshots.create(`more-${i}`)
  t.equal((await image.snapshots.list()).length, 22)
})

t.test('a removed snapshot does not read on', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.snapshots.create('s')
  const then = await Image.open(ioctx, 'image', { snapshot: 's' })
  await image.snapshots.remove('s')
  await t.rejects(then.size(), { code: 'ENOENT', snapshot: 's' })
  let error: unknown
  for (let i = 0; i < 50 && error === undefined; i++) {
    error = await then.read({ position: 0, length: 16 }).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.match(error, { code: 'ENOENT', snapshot: 's', syscall: 'rbd_aio_read' })
  await then.close()
  await t.rejects(Image.open(ioctx, 'image', { snapshot: 's' }), {
    code: 'ENOENT',
    image: 'image',
    snapshot: 's',
  })
})

t.test('a handle at a snapshot is not at another one of its name', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('first'), { position: 0 })
  await image.snapshots.create('s')
  await using then = await Image.open(ioctx, 'image', { snapshot: 's' })
  t.equal((await then.read({ position: 0, length: 5 })).buffer.toString(), 'first')
  await image.snapshots.remove('s')
  await image.write(Buffer.from('other'), { position: 0 })
  await image.snapshots.create('s')
  await t.rejects(then.size(), { code: 'ENOENT', snapshot: 's' })
  let error: unknown
  for (let i = 0; i < 100 && error === undefined; i++) {
    const read = then.read({ position: 0, length: 5 })
    error = await read.then(
      ({ buffer }) => (buffer.toString() === 'other' ? new Error('it reads the new one') : undefined),
      (reason: unknown) => reason,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.match(error, { code: 'ENOENT', syscall: 'rbd_aio_read' })
  t.equal((await image.read({ position: 0, length: 5 })).buffer.toString(), 'other', 'the image reads on')
  await using now = await Image.open(ioctx, 'image', { snapshot: 's' })
  t.equal((await now.read({ position: 0, length: 5 })).buffer.toString(), 'other')
})

t.test('snapshots have the size of then, and a rollback brings it back', async (t) => {
  const { ioctx } = await openPool(t)
  const size = 8 * mib
  await Image.create(ioctx, 'image', { size })
  await using image = await Image.open(ioctx, 'image')
  const data = Buffer.alloc(256, 7)
  await image.write(data, { position: 0 })
  await image.snapshots.create('small')
  await image.resize(2 * size)
  await image.write(data, { position: 2 * size - 256 })
  await image.snapshots.create('large')
  for (const [snapshot, expected] of [
    ['small', size],
    ['large', 2 * size],
  ] as const) {
    await using then = await Image.open(ioctx, 'image', { snapshot })
    t.equal(await then.size(), expected)
    t.match(await then.info(), { size: expected, objects: expected / (4 * mib) })
  }
  await image.snapshots.rollback('small')
  t.match(await image.info(), { size, objects: 2 })
  t.equal((await image.read({ position: 2 * size - 256, length: 256 })).bytesRead, 0)
  await t.rejects(image.write(data, { position: 2 * size - 256 }), { code: 'ERR_OUT_OF_RANGE' })
  await image.snapshots.rollback('large')
  t.equal(await image.size(), 2 * size)
  t.ok((await image.read({ position: 2 * size - 256, length: 256 })).buffer.equals(data))
  // Nothing was written when this one was made: its objects go.
  await Image.create(ioctx, 'sparse', { size })
  await using sparse = await Image.open(ioctx, 'sparse')
  await sparse.snapshots.create('nothing')
  await sparse.write(data, { position: 0 })
  await sparse.snapshots.rollback('nothing')
  t.ok((await sparse.read({ position: 0, length: 256 })).buffer.equals(Buffer.alloc(256)))
})

t.test('a limit refuses the next snapshot', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const { snapshots } = image
  t.equal(await snapshots.limit(), undefined, 'there is none at first')
  await snapshots.setLimit(2)
  t.equal(await snapshots.limit(), 2)
  await snapshots.create('one')
  await snapshots.create('two')
  await t.rejects(snapshots.create('three'), {
    code: 'EDQUOT',
    syscall: 'rbd_snap_create2',
    snapshot: 'three',
  })
  await t.rejects(rbd('snap', 'create', 'image@three'), /quota/i, 'nor does another client make one')
  await snapshots.setLimit(3)
  await snapshots.create('three')
  await t.rejects(snapshots.setLimit(2), { code: 'ERANGE', syscall: 'rbd_snap_set_limit' }, 'it has more')
  t.equal(await snapshots.limit(), 3)
  for (const name of ['one', 'two', 'three']) await snapshots.remove(name)
  await snapshots.setLimit(0n)
  t.equal(await snapshots.limit(), 0)
  await rbd('snap', 'limit', 'set', '--limit', '7', 'image')
  t.equal(await snapshots.limit(), 7)
  await rbd('snap', 'limit', 'clear', 'image')
  t.equal(await snapshots.limit(), undefined)
  await snapshots.setLimit(2)
  await snapshots.setLimit(undefined)
  t.equal(await snapshots.limit(), undefined)
  for (let i = 0; i < 5; i++) await snapshots.create(`more-${i}`)

  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.snapshots.setLimit(9), { code: 'EROFS', syscall: 'rbd_snap_set_limit' })
  t.equal(await reader.snapshots.limit(), undefined)
  for (const [limit, code] of [
    [-1, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [2n ** 64n - 1n, 'ERR_OUT_OF_RANGE'],
    ['3', 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    await t.rejects(snapshots.setLimit(limit as number), { code }, String(limit))
  }
})
