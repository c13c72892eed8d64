import { randomBytes } from 'node:crypto'
import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

/** Bytes of each of an image's data objects, by their number. */
type Objects = Record<number, number>

t.test('zeros are given back, and the image reads as before', async (t) => {
  const { ioctx, rados } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib, objectSize: mib })
  await using image = await Image.open(ioctx, 'image')
  const { blockNamePrefix } = await image.info()
  const objects = async (): Promise<Objects> => {
    const names = (await rados('ls')).split('\n').filter((name) => name.startsWith(`${blockNamePrefix}.`))
    const sizes = names.map(async (name) => {
      const { size } = await ioctx.statObject(name)
      return [Number.parseInt(name.slice(blockNamePrefix.length + 1), 16), size] as const
    })
    return Object.fromEntries(await Promise.all(sizes))
  }
  const content = randomBytes(4 * mib)
  content.fill(0, 0, mib) // all of the first object
  content.fill(0, mib + 0.5 * mib, 2 * mib) // the end of the second
  content.fill(0, 3 * mib - 8192, 3 * mib) // 8 KiB at the end of the third
  await image.write(randomBytes(4 * mib), { position: 0 })
  await image.write(content, { position: 0 })
  await image.flush()
  t.same(await objects(), { 0: mib, 1: mib, 2: mib, 3: mib }, 'zeros that were written are kept')
  t.equal(await image.diskUsage(), 4 * mib)

  await image.sparsify({ sparseSize: mib })
  t.same(
    await objects(),
    { 1: mib, 2: mib, 3: mib },
    'a block as large as an object: only the empty one went',
  )
  t.equal(await image.diskUsage(), 3 * mib)

  const seen: { done: number; total: number }[] = []
  await image.sparsify({ onProgress: (progress) => seen.push(progress) })
  t.same(await objects(), { 1: 0.5 * mib, 2: mib - 8192, 3: mib }, 'blocks of 4 KiB by default')
  t.match(seen.at(-1), { done: 8, total: 8 })
  const { buffer } = await image.read({ position: 0, length: 8 * mib })
  t.ok(buffer.equals(Buffer.concat([content, Buffer.alloc(4 * mib)])), 'the image reads as before')
})

t.test('what a snapshot has stays as it was', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 2 * mib, objectSize: mib })
  await using image = await Image.open(ioctx, 'image')
  const content = randomBytes(2 * mib)
  await image.write(content, { position: 0 })
  await image.snapshots.create('s')
  await image.write(Buffer.alloc(mib), { position: 0 })
  await image.sparsify()
  await using then = await Image.open(ioctx, 'image', { snapshot: 's' })
  t.ok((await then.read({ position: 0, length: 2 * mib })).buffer.equals(content))
  t.ok((await image.read({ position: 0, length: mib })).buffer.equals(Buffer.alloc(mib)))
  await t.rejects(then.sparsify(), { code: 'EROFS', syscall: 'rbd_sparsify_with_progress', snapshot: 's' })
})

t.test('zeros of a clone hide what its parent has', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 2 * mib, objectSize: mib })
  await using parent = await Image.open(ioctx, 'parent')
  await parent.write(Buffer.alloc(2 * mib, 7), { position: 0 })
  await parent.snapshots.create('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'child', {
    objectSize: mib,
    cloneFormat: 2,
  })
  await using child = await Image.open(ioctx, 'child')
  await child.write(Buffer.alloc(mib), { position: 0 })
  await child.sparsify()
  const { buffer } = await child.read({ position: 0, length: 2 * mib })
  t.ok(buffer.equals(Buffer.concat([Buffer.alloc(mib), Buffer.alloc(mib, 7)])))
})

t.test('block sizes that are none', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 2 * mib, objectSize: mib })
  await using image = await Image.open(ioctx, 'image')
  await t.rejects(image.sparsify({ sparseSize: 2 * mib }), {
    code: 'EINVAL',
    syscall: 'rbd_sparsify_with_progress',
    image: 'image',
  })
  for (const [sparseSize, code] of [
    [5000, 'ERR_INVALID_ARG_VALUE'],
    [2048, 'ERR_OUT_OF_RANGE'],
    [64 * mib, 'ERR_OUT_OF_RANGE'],
    [0, 'ERR_OUT_OF_RANGE'],
    ['4096', 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    await t.rejects(image.sparsify({ sparseSize: sparseSize as number }), { code }, String(sparseSize))
  }
})
