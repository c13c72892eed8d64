/** librbd's own copies of an image. */

import { Image } from 'rbdkit'
import t from 'tap'
import { contentOf, mib, openPool } from '../copy/fixture.js'

t.test('copy: the image as it is, or a snapshot, with a layout of its own', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(65_536, 1), { position: 5 * mib })
  await image.snapshots.create('s')
  await image.write(Buffer.alloc(65_536, 2), { position: 9 * mib })
  await image.flush()
  const seen: { done: number; total: number }[] = []
  await image.copy(ioctx, 'copy', { objectSize: mib, onProgress: (progress) => seen.push(progress) })
  t.ok((await contentOf(ioctx, 'copy')).equals(await contentOf(ioctx, 'image')))
  t.match(seen.at(-1), { done: seen.at(-1)?.total })
  t.equal(JSON.parse(await rbd('info', '--format', 'json', 'copy')).object_size, mib)
  await using then = await Image.open(ioctx, 'image', { snapshot: 's' })
  await then.copy(ioctx, 'then', { sparseSize: 4096 })
  t.ok((await contentOf(ioctx, 'then')).equals(await contentOf(ioctx, 'image', 's')))
  const { pool } = ioctx
  await t.rejects(image.copy(ioctx, 'copy'), {
    code: 'EEXIST',
    syscall: 'rbd_copy_with_progress4',
    dest: `${pool}/copy`,
  })
  await t.rejects(image.copy(ioctx, 'x', { sparseSize: 5000 }), { code: 'ERR_INVALID_ARG_VALUE' })
  await then.close()
})

t.test('deep copy: snapshots too, and the parent or not', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 8 * mib })
  await using parent = await Image.open(ioctx, 'parent')
  await parent.write(Buffer.alloc(65_536, 1), { position: 0 })
  await parent.snapshots.create('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'image', { cloneFormat: 2 })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(65_536, 2), { position: 4 * mib })
  await image.snapshots.create('one')
  await image.write(Buffer.alloc(65_536, 3), { position: 4 * mib })
  await image.flush()
  for (const flatten of [false, true]) {
    const name = `deep-${flatten}`
    await image.deepCopy(ioctx, name, flatten ? { flatten } : { cloneFormat: 2 })
    await using deep = await Image.open(ioctx, name)
    t.match(await deep.snapshots.list(), [{ name: 'one', size: 8 * mib }])
    t.ok((await contentOf(ioctx, name)).equals(await contentOf(ioctx, 'image')))
    t.ok((await contentOf(ioctx, name, 'one')).equals(await contentOf(ioctx, 'image', 'one')))
    t.match(await deep.parent(), flatten ? undefined : { image: 'parent', snapshot: 's' })
  }
  await t.rejects(image.deepCopy(ioctx, 'x', { flatten: true, cloneFormat: 2 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(image.deepCopy(ioctx, 'deep-true', { flatten: true }), {
    code: 'EEXIST',
    syscall: 'rbd_deep_copy_with_progress',
  })
})

t.test('an abort rejects at once; librbd copies on, and close() waits for it', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 64 * mib, objectSize: 65_536 })
  const image = await Image.open(ioctx, 'image')
  for (let at = 0; at < 64 * mib; at += 4 * mib) await image.write(Buffer.alloc(4 * mib, 1), { position: at })
  await image.flush()
  const controller = new AbortController()
  const reason = new Error('enough')
  const onProgress = () => controller.abort(reason)
  await t.rejects(image.copy(ioctx, 'copy', { signal: controller.signal, onProgress }), reason)
  await image.close()
  t.ok((await contentOf(ioctx, 'copy')).equals(await contentOf(ioctx, 'image')), 'it is whole')
})

t.test('the cache is dropped', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('one'), { position: 0 })
  await image.flush()
  await other.invalidateCache()
  t.equal((await other.read({ position: 0, length: 3 })).buffer.toString(), 'one')
  await image.invalidateCache()
  await t.rejects(
    other.close().then(() => other.invalidateCache()),
    { code: 'EBADF' },
  )
})
