import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('snapshots: create, list, rename, protect, roll back, remove', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  t.same(await image.listSnapshots(), [])
  const content = ['first', 'other', 'third']
  for (const [i, text] of content.entries()) {
    await image.write(Buffer.from(text), { position: 0 })
    await image.createSnapshot(text)
    await image.resize((5 + i) * mib)
  }
  const snapshots = await image.listSnapshots()
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
  await t.rejects(image.createSnapshot('first'), { code: 'EEXIST', snapshot: 'first', image: 'image' })
  const { pool } = ioctx
  await t.rejects(image.renameSnapshot('first', 'other'), {
    code: 'EEXIST',
    message: `EEXIST: file exists, rbd_snap_rename '${pool}/image@first' -> '${pool}/image@other'`,
  })
  await image.renameSnapshot('other', 'second')
  await t.rejects(image.renameSnapshot('other', 'x'), { code: 'ENOENT', snapshot: 'other' })

  await image.protectSnapshot('second')
  t.equal(await image.isSnapshotProtected('second'), true)
  t.equal(await image.isSnapshotProtected('first'), false)
  await t.rejects(image.isSnapshotProtected('none'), { code: 'ENOENT', snapshot: 'none' })
  await t.rejects(image.protectSnapshot('second'), { code: 'EBUSY', snapshot: 'second' })
  await t.rejects(image.removeSnapshot('second'), { code: 'EBUSY', snapshot: 'second' })
  await t.rejects(image.unprotectSnapshot('first'), { code: 'EINVAL', snapshot: 'first' })

  await image.rollbackToSnapshot('first')
  t.equal(await image.size(), 4 * mib, 'the size goes back as well')
  t.equal((await image.read({ position: 0, length: 5 })).buffer.toString(), 'first')
  await t.rejects(image.rollbackToSnapshot('none'), { code: 'ENOENT', snapshot: 'none' })

  await image.unprotectSnapshot('second')
  await image.protectSnapshot('second')
  await image.removeSnapshot('second', { unprotect: true })
  await t.rejects(image.removeSnapshot('second'), { code: 'ENOENT', snapshot: 'second' })
  await t.rejects(image.removeSnapshot('first', { unprotect: 'yes' as unknown as boolean }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.same(
    (await image.listSnapshots()).map(({ name }) => name),
    ['first', 'third'],
  )
  // More than the first answer has room for.
  for (let i = 0; i < 20; i++) await image.createSnapshot(`more-${i}`)
  t.equal((await image.listSnapshots()).length, 22)
})

t.test('a removed snapshot does not read on', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.createSnapshot('s')
  const then = await Image.open(ioctx, 'image', { snapshot: 's' })
  await image.removeSnapshot('s')
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
