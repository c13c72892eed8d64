import { randomBytes } from 'node:crypto'
import { Image, type IoCtx, Trash } from 'rbdkit'
import t from 'tap'
import { imageNames, mib, openPool, withImage } from '../copy/fixture.js'

/** Makes an image with some data, and gives its id. */
async function makeImage(ioctx: IoCtx, name: string, data = Buffer.from(name)): Promise<string> {
  await Image.create(ioctx, name, { size: 4 * mib, objectSize: mib })
  return withImage(ioctx, name, async (image) => {
    await image.write(data, { position: 0 })
    return (await image.info()).id
  })
}

t.test('move, list, get, restore', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const trash = new Trash(ioctx)
  t.same(await trash.list(), [])
  const id = await makeImage(ioctx, 'image')
  const other = await makeImage(ioctx, 'other')
  await trash.move('image')
  t.same(await imageNames(ioctx), ['other'])
  await t.rejects(Image.open(ioctx, 'image'), { code: 'ENOENT' })
  const [entry, ...more] = await trash.list()
  t.same(more, [])
  t.match(entry, { id, name: 'image', source: 'user' })
  t.ok(Math.abs(Number(entry?.deleted) - Date.now()) < 60_000, `${entry?.deleted}`)
  t.ok(Number(entry?.deferredUntil) <= Date.now() + 1000, `${entry?.deferredUntil}`)
  t.same(await trash.get(id), entry)
  const theirs = JSON.parse(await rbd('trash', 'ls', '--format', 'json')) as { id: string; name: string }[]
  t.match(theirs, [{ id, name: 'image' }])
  await using elsewhere = await cluster.openIoCtx(ioctx.pool, { namespace: 'elsewhere' })
  t.same(await new Trash(elsewhere).list(), [], 'a namespace has a trash of its own')

  await trash.restore(id, 'another')
  t.same(await trash.list(), [])
  t.same((await imageNames(ioctx)).sort(), ['another', 'other'])
  await withImage(ioctx, 'another', async (image) => {
    t.equal((await image.info()).id, id)
    t.equal((await image.read({ position: 0, length: 5 })).buffer.toString(), 'image', 'with its data')
  })

  await trash.move('another')
  await trash.restore(id)
  t.same((await imageNames(ioctx)).sort(), ['another', 'other'], 'by default it is called what it was')
  await trash.move('another')
  await t.rejects(trash.restore(id, 'other'), { code: 'EEXIST', syscall: 'rbd_trash_restore', image: id })
  t.match(await trash.get(id), { id, name: 'another' }, 'it is where it was')
  t.equal(await withImage(ioctx, 'other', async (image) => (await image.info()).id), other)

  // What others have put there.
  await rbd('trash', 'mv', 'other')
  t.same((await trash.list()).map((each) => each.id).sort(), [id, other].sort())
})

t.test('what is not there, or wrong', async (t) => {
  const { ioctx } = await openPool(t)
  const trash = new Trash(ioctx)
  const id = await makeImage(ioctx, 'image')
  const missing = { code: 'ENOENT', image: 'none', pool: ioctx.pool }
  await t.rejects(trash.get('none'), { ...missing, syscall: 'rbd_trash_get' })
  await t.rejects(trash.move('none'), { ...missing, syscall: 'rbd_trash_move' })
  await t.rejects(trash.restore('none'), { ...missing, syscall: 'rbd_trash_restore' })
  await t.rejects(trash.remove('none'), { ...missing, syscall: 'rbd_trash_remove_with_progress' })
  await t.rejects(trash.get(id), { code: 'ENOENT', image: id }, 'an image that is not in the trash')
  for (const [value, code] of [
    ['', 'ERR_INVALID_ARG_VALUE'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE'],
    [5, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    const given = value as string
    for (const call of ['get', 'move', 'restore', 'remove'] as const)
      await t.rejects(Promise.all([trash[call](given)]), { code }, `${call} ${String(value)}`)
  }
  await t.rejects(trash.restore(id, 'a/b'), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const [delaySeconds, code] of [
    [-1, 'ERR_OUT_OF_RANGE'],
    [0.5, 'ERR_OUT_OF_RANGE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    await t.rejects(trash.move('image', { delaySeconds: delaySeconds as number }), { code })
  }
  await t.rejects(trash.remove(id, { force: 1 as unknown as boolean }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => new Trash({} as IoCtx), { code: 'ERR_INVALID_ARG_TYPE' })
  t.same(await imageNames(ioctx), ['image'], 'nothing was moved')
  await ioctx.close()
  await t.rejects(trash.list(), { code: 'EBADF', syscall: 'rbd_trash_list' })
})

t.test('removing: deferred, forced, in use', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const trash = new Trash(ioctx)
  const id = await makeImage(ioctx, 'image', randomBytes(4 * mib))
  const data = async () => (await rados('ls')).split('\n').filter((name) => name.includes(`.${id}.`)).length
  await trash.move('image', { delaySeconds: 3600 })
  const entry = await trash.get(id)
  t.equal(Number(entry.deferredUntil) - Number(entry.deleted), 3_600_000)
  await t.rejects(trash.remove(id), {
    code: 'EPERM',
    syscall: 'rbd_trash_remove_with_progress',
    image: id,
  })
  await t.rejects(trash.remove(id, { force: false }), { code: 'EPERM' })
  t.equal(await data(), 4, 'its data is there')
  const seen: { done: number; total: number }[] = []
  await trash.remove(id, { force: true, onProgress: (progress) => seen.push(progress) })
  t.same(await trash.list(), [])
  t.equal(await data(), 0, 'its data is gone')
  t.ok(seen.length > 0)
  t.equal(seen.at(-1)?.done, seen.at(-1)?.total)

  const soon = await makeImage(ioctx, 'image')
  await trash.move('image', { delaySeconds: 1 })
  await t.rejects(trash.remove(soon), { code: 'EPERM' })
  await new Promise((resolve) => setTimeout(resolve, 2100))
  await trash.remove(soon)
  t.same(await trash.list(), [], 'its time has come')

  const used = await makeImage(ioctx, 'image')
  await trash.move('image')
  const opened = await Image.open(ioctx, { id: used })
  await opened.write(Buffer.from('x'), { position: 0 })
  await t.rejects(trash.remove(used), { code: 'EBUSY', image: used }, 'somebody has it open')
  await opened.snapshots.create('s')
  await opened.close()
  await t.rejects(trash.remove(used), { code: 'ENOTEMPTY', image: used }, 'it has a snapshot')
  await using again = await Image.open(ioctx, { id: used })
  await again.snapshots.remove('s')
  await again.close()
  await trash.remove(used)
  t.same(await trash.list(), [])
})

t.test('an aborted removal is ended by another', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const trash = new Trash(ioctx)
  const objectSize = 65_536
  await Image.create(ioctx, 'image', { size: 64 * mib, objectSize })
  const id = await withImage(ioctx, 'image', async (image) => {
    for (let at = 0; at < 64 * mib; at += 2 * mib)
      await image.write(Buffer.alloc(2 * mib, 1), { position: at })
    return (await image.info()).id
  })
  const data = async () =>
    (await rados('ls')).split('\n').filter((name) => name.startsWith(`rbd_data.${id}.`)).length
  await trash.move('image')
  t.equal(await data(), 1024)
  const controller = new AbortController()
  const reason = new Error('that is enough')
  const onProgress = () => controller.abort(reason)
  await t.rejects(trash.remove(id, { signal: controller.signal, onProgress }), reason)
  t.match(await trash.get(id), { id, name: 'image' }, 'it is still there')
  const left = await data()
  t.ok(left > 0 && left < 1024, `${left} objects are left`)
  await trash.restore(id)
  const sample = async (image: Image, position: number) =>
    (await image.read({ position, length: 1 })).buffer[0]
  await withImage(ioctx, 'image', async (image) => {
    t.same([await sample(image, 0), await sample(image, 64 * mib - 1)], [0, 1], 'restored, it has lost data')
  })
  await trash.move('image')
  await trash.remove(id)
  t.same(await trash.list(), [])
  t.equal(await data(), 0)
})
