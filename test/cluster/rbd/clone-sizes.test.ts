/** Clones that grow, shrink and are flattened, beside a parent that changes as well; clones of clones. */

import { randomBytes } from 'node:crypto'
import { Image, type IoCtx, poolInit } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { contentOf, mib, openPool, withImage } from '../copy/fixture.js'

const size = 8 * mib
const half = size / 2
const data = randomBytes(256)

/** An image with data in its middle, and a protected snapshot of it. */
async function makeParent(ioctx: IoCtx, options: object = {}): Promise<Image> {
  await Image.create(ioctx, 'parent', { size, ...options })
  const parent = await Image.open(ioctx, 'parent')
  await parent.write(data, { position: half })
  await parent.snapshots.create('s')
  await parent.snapshots.protect('s')
  return parent
}

const from = { image: 'parent', snapshot: 's' }

async function bytes(image: Image, position: number, length: number): Promise<Buffer> {
  return (await image.read({ position, length })).buffer
}

t.test('what a clone shares ends where it was shrunk to', async (t) => {
  const { ioctx } = await openPool(t)
  await using parent = await makeParent(ioctx)
  await Image.clone(ioctx, from, ioctx, 'clone')
  await using clone = await Image.open(ioctx, 'clone')
  t.match(await clone.info(), { size, overlap: size })
  await clone.resize(half, { allowShrink: true })
  t.match(await clone.info(), { size: half, overlap: half })
  await clone.resize(2 * size)
  t.match(await clone.info(), { size: 2 * size, overlap: half })
  t.equal(await parent.size(), size, 'the parent is what it was')
  t.ok((await bytes(clone, half, 256)).equals(Buffer.alloc(256)), 'what was cut off is not shared again')

  await Image.clone(ioctx, from, ioctx, 'second')
  await using second = await Image.open(ioctx, 'second')
  await parent.resize(0, { allowShrink: true })
  await second.resize(half + 128, { allowShrink: true })
  t.ok((await bytes(second, half, 128)).equals(data.subarray(0, 128)))
  await second.resize(size)
  const partly = Buffer.concat([data.subarray(0, 128), Buffer.alloc(128)])
  t.ok((await bytes(second, half, 256)).equals(partly), 'to the byte')
  await second.resize(half + 1, { allowShrink: true })
  t.ok((await bytes(second, half, 1)).equals(data.subarray(0, 1)))
  await second.resize(0, { allowShrink: true })
  await second.resize(size)
  t.ok((await bytes(second, half, 256)).equals(Buffer.alloc(256)))
  t.equal((await second.info()).overlap, 0)
})

t.test('writing a clone copies what is beside, and nothing into its parent', async (t) => {
  const { ioctx } = await openPool(t)
  await using parent = await makeParent(ioctx)
  await Image.clone(ioctx, from, ioctx, 'clone')
  await using clone = await Image.open(ioctx, 'clone')
  const other = randomBytes(256)
  await clone.write(other, { position: half + 256 })
  t.ok((await bytes(clone, half, 512)).equals(Buffer.concat([data, other])))
  t.ok((await bytes(parent, half, 512)).equals(Buffer.concat([data, Buffer.alloc(256)])))
})

t.test('flattening: any layout, any size, a clone of a clone, seen by other handles', async (t) => {
  const { ioctx } = await openPool(t)
  await using parent = await makeParent(ioctx)
  await t.rejects(parent.flatten(), { code: 'EINVAL', image: 'parent' }, 'it is no clone')
  for (const layout of [{}, { objectSize: mib }, { objectSize: 16 * mib }]) {
    for (const end of [size, half - 1, half + 1]) {
      const name = `clone-${JSON.stringify(layout)}-${end}`
      await Image.clone(ioctx, from, ioctx, name, layout)
      await using clone = await Image.open(ioctx, name)
      await clone.resize(end, { allowShrink: true })
      const seen: number[] = []
      await clone.flatten({ onProgress: ({ total }) => seen.push(total) })
      t.ok(seen.length > 0)
      t.match(await clone.info(), { size: end, overlap: 0 })
      t.equal(await clone.parent(), undefined)
      const left = Math.max(0, Math.min(256, end - half))
      t.ok(
        (await bytes(clone, Math.min(half, end - 1), 256)).subarray(0, left).equals(data.subarray(0, left)),
      )
      await clone.close()
      await Image.remove(ioctx, name)
    }
  }

  await Image.clone(ioctx, from, ioctx, 'seen')
  await using one = await Image.open(ioctx, 'seen')
  await using two = await Image.open(ioctx, 'seen')
  // Both know that the object is not there, and that they read the parent for it.
  t.ok((await bytes(one, half, 256)).equals(await bytes(two, half, 256)))
  await one.flatten()
  t.same([await one.parent(), await two.parent()], [undefined, undefined])
  for (const image of [one, two]) t.ok((await bytes(image, half, 256)).equals(data))

  await Image.clone(ioctx, from, ioctx, 'middle')
  await using middle = await Image.open(ioctx, 'middle')
  await middle.snapshots.create('m')
  await middle.snapshots.protect('m')
  await Image.clone(ioctx, { image: 'middle', snapshot: 'm' }, ioctx, 'last')
  await middle.resize(1, { allowShrink: true })
  t.ok((await contentOf(ioctx, 'last')).subarray(half, half + 256).equals(data))
  await middle.flatten()
  t.ok((await contentOf(ioctx, 'last')).subarray(half, half + 256).equals(data), 'through a flattened one')
  await using at = await Image.open(ioctx, 'middle', { snapshot: 'm' })
  await t.rejects(at.flatten(), { code: 'EROFS', snapshot: 'm' })
  await at.close()
  await withImage(ioctx, 'last', (last) => last.flatten())
  await middle.snapshots.unprotect('m')
  await middle.snapshots.remove('m')
  t.ok((await contentOf(ioctx, 'last')).subarray(half, half + 256).equals(data))
})

t.test('a clone has the stripes of its parent, unless it is given its own', async (t) => {
  const { ioctx } = await openPool(t)
  const features = ['layering', 'striping'] as const
  await using _parent = await makeParent(ioctx, { features, stripeUnit: mib, stripeCount: 8 })
  await Image.clone(ioctx, from, ioctx, 'same')
  const stripes = async (name: string) =>
    withImage(ioctx, name, async (image) => {
      const { stripeUnit, stripeCount, objectSize } = await image.info()
      return { stripeUnit, stripeCount, objectSize }
    })
  t.same(await stripes('same'), { stripeUnit: mib, stripeCount: 8, objectSize: 4 * mib })
  await Image.clone(ioctx, from, ioctx, 'own', {
    objectSize: mib,
    stripeUnit: 65_536,
    stripeCount: 2,
    features,
  })
  t.same(await stripes('own'), { stripeUnit: 65_536, stripeCount: 2, objectSize: mib })
  for (const name of ['same', 'own'])
    t.ok((await contentOf(ioctx, name)).subarray(half, half + 256).equals(data), name)
})

t.test('a snapshot stays as long as a clone of it is there, in whatever pool', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const pool = randomName('children')
  await cluster.pools.create(pool)
  t.teardown(() => cluster.pools.delete(pool))
  await using elsewhere = await cluster.openIoCtx(pool)
  await poolInit(elsewhere)
  await using parent = await makeParent(ioctx)
  await Image.clone(ioctx, from, ioctx, 'one', { cloneFormat: 1 })
  await Image.clone(ioctx, from, elsewhere, 'two', { cloneFormat: 1 })
  const operations = (at: IoCtx, name: string) =>
    withImage(at, name, async (image) => (await image.info()).operations)
  t.same(await operations(elsewhere, 'two'), [], 'older clients know it')
  const busy = { code: 'EBUSY', snapshot: 's' }
  for (const [at, name] of [
    [elsewhere, 'two'],
    [ioctx, 'one'],
  ] as const) {
    await t.rejects(parent.snapshots.unprotect('s'), busy)
    await t.rejects(parent.snapshots.remove('s'), busy)
    await Image.remove(at, name)
  }
  await Image.clone(ioctx, from, ioctx, 'one', { cloneFormat: 2 })
  t.same(await operations(ioctx, 'one'), ['clone-child'])
  t.same(await operations(ioctx, 'parent'), ['clone-parent'])
  await Image.remove(ioctx, 'one')
  await parent.snapshots.unprotect('s')
  await parent.snapshots.remove('s')
  t.same(await operations(ioctx, 'parent'), [])
})

t.test('copies of a clone are clones of the format that was asked for', async (t) => {
  const { ioctx } = await openPool(t)
  await using parent = await makeParent(ioctx)
  const { id } = await parent.info()
  for (const before of [1, 2] as const) {
    for (const after of [1, 2, 'flatten'] as const) {
      const name = `clone-${before}-${after}`
      await Image.clone(ioctx, from, ioctx, name, { cloneFormat: before })
      await withImage(ioctx, name, async (clone) => {
        t.same((await clone.info()).operations, before === 2 ? ['clone-child'] : [])
        await clone.snapshots.create('kept')
        const options = after === 'flatten' ? { flatten: true } : { cloneFormat: after }
        await clone.deepCopy(ioctx, `${name}-copy`, options)
      })
      await withImage(ioctx, `${name}-copy`, async (copied) => {
        t.same((await copied.info()).operations, after === 2 ? ['clone-child'] : [], name)
        t.equal((await copied.parent())?.id, after === 'flatten' ? undefined : id, name)
        t.match(await copied.snapshots.list(), [{ name: 'kept' }])
        t.ok((await bytes(copied, half, 256)).equals(data), name)
      })
    }
  }
})
