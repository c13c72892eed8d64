/** Where an image has data, and where it differs from a snapshot, as an iterator. */

import { Group, Image, type ImageDiffOptions, type ImageExtent, type IoCtx } from 'rbdkit'
import t from 'tap'
import { cephHas, cephRelease } from '../../helpers/releases.js'
import { mib, openPool } from '../copy/fixture.js'

const objectSize = 65_536

async function all(image: Image, options?: ImageDiffOptions): Promise<ImageExtent[]> {
  const extents: ImageExtent[] = []
  for await (const extent of image.diff(options)) extents.push(extent)
  return extents
}

/** As `rbd diff` has it. */
async function theirs(
  rbd: (...args: string[]) => Promise<string>,
  ...args: string[]
): Promise<ImageExtent[]> {
  const list = JSON.parse(await rbd('diff', '--format', 'json', ...args)) as {
    offset: number
    length: number
    exists: 'true' | 'false'
  }[]
  const extents = list.map(({ offset, length, exists }) => ({
    position: offset,
    length,
    exists: exists === 'true',
  }))
  return merged(extents.sort((a, b) => a.position - b.position))
}

/** Extents that touch are one. */
function merged(extents: readonly ImageExtent[]): ImageExtent[] {
  const list: ImageExtent[] = []
  for (const extent of extents) {
    const last = list.at(-1)
    if (last && last.exists === extent.exists && last.position + last.length === extent.position)
      last.length += extent.length
    else list.push({ ...extent })
  }
  return list
}

async function makeImage(ioctx: IoCtx, name: string, size = 48 * mib): Promise<Image> {
  await Image.create(ioctx, name, { size, objectSize })
  return Image.open(ioctx, name)
}

t.test('exact and by objects, from the beginning and from a snapshot', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const image = await makeImage(ioctx, 'image')
  t.same(await all(image), [])
  const block = Buffer.alloc(8192, 1)
  const places = [0, objectSize - 4096, 5 * objectSize, 20 * mib, 48 * mib - 8192]
  for (const position of places) await image.write(block, { position })
  await image.snapshots.create('one')
  await image.write(block, { position: 7 * objectSize + 100 })
  await image.discard(20 * mib, objectSize)
  await image.flush()
  const id = await image.snapshots.getId('one')

  for (const wholeObject of [false, true]) {
    const whole = wholeObject ? ['--whole-object'] : []
    t.same(merged(await all(image, { wholeObject })), await theirs(rbd, ...whole, 'image'))
    const expected = await theirs(rbd, ...whole, '--from-snap', 'one', 'image')
    t.ok(expected.length === 2 && expected.some(({ exists }) => !exists), 'there is one of each kind')
    t.same(merged(await all(image, { from: 'one', wholeObject })), expected)
    t.same(merged(await all(image, { from: { id }, wholeObject })), expected)
  }
  t.same(await all(image, { from: 'one', position: 7 * objectSize, length: objectSize }), [
    // It is new, and so from its beginning.
    { position: 7 * objectSize, length: 8292, exists: true },
  ])
  t.same(await all(image, { from: 'one', wholeObject: true, position: 7 * objectSize + 5, length: 10 }), [
    { position: 7 * objectSize + 5, length: 10, exists: true },
  ])
  t.same(await all(image, { position: 48 * mib }), [])
  t.same(await all(image, { position: 0, length: 0 }), [])

  await using then = await Image.open(ioctx, 'image', { snapshot: { id } })
  t.same(merged(await all(then)), await theirs(rbd, 'image@one'))
  await then.close()
  await t.rejects(all(image, { from: 'none' }), {
    code: 'ENOENT',
    snapshot: 'none',
    syscall: 'rbd_diff_iterate3',
  })
  await t.rejects(all(image, { from: { id: 99_999 } }), { code: 'ENOENT' })
  await t.rejects(all(image, { wholeObjects: true } as ImageDiffOptions), {
    message: /did you mean 'wholeObject'/,
  })
  await image.close()
  await t.rejects(all(image), { code: 'EBADF' })
})

t.test('to the byte, in any part, of two images at once, and of what was discarded', async (t) => {
  const { ioctx } = await openPool(t)
  const text = 'sometimes you feel like a nut'
  const make = async (name: string): Promise<Image> => {
    await Image.create(ioctx, name, { size: 8 * mib, objectSize: mib })
    return Image.open(ioctx, name)
  }
  const image = await make('image')
  const at = (position: number, length: number, exists = true): ImageExtent => ({ position, length, exists })
  t.same(await all(image), [])
  await image.write(Buffer.from(text), { position: 0 })
  t.same(await all(image), [at(0, text.length)])
  await image.write(Buffer.from('more'), { position: 32 })
  t.same(await all(image), [at(0, 36)], 'an object is told of up to the end of what it has')
  await image.write(Buffer.from('x'), { position: 3 * mib })
  await image.write(Buffer.from('x'), { position: 5 * mib + 1024 })
  t.same(await all(image), [at(0, 36), at(3 * mib, 1), at(5 * mib, 1025)])
  t.same(await all(image, { position: mib }), [at(3 * mib, 1), at(5 * mib, 1025)])
  t.same(await all(image, { position: 4 * mib, length: 4 * mib }), [at(5 * mib, 1025)])
  t.same(await all(image, { position: mib, length: mib }), [])
  await image.discard(10, 20)
  t.same((await all(image))[0], at(0, 36), 'a hole within an object stays a part of it')
  await image.snapshots.create('one')
  t.same(await all(image, { from: 'one' }), [])
  await image.discard(0, 8 * mib)
  await image.snapshots.create('two')
  await using two = await Image.open(ioctx, 'image', { snapshot: 'two' })
  t.same(await all(two, { from: 'one' }), [at(0, 36, false), at(3 * mib, 1, false), at(5 * mib, 1025, false)])
  await two.close()
  await using one = await Image.open(ioctx, 'image', { snapshot: 'one' })
  await t.rejects(all(one, { from: 'two' }), { code: 'EINVAL', syscall: 'rbd_diff_iterate3' })

  const zeros = await make('zeros')
  await zeros.write(Buffer.from('written'), { position: 0 })
  await zeros.writeZeroes(0, 7)
  t.same(await all(zeros), [], 'zeros take nothing')
  await zeros.writeZeroes(0, 7, { thick: true })
  t.same(await all(zeros), [at(0, 7)], 'unless they are to')
  await zeros.close()
  await image.close()

  const images = await Promise.all(['a', 'b', 'c'].map(make))
  const found = await Promise.all(
    images.map(async (other, i) => {
      for (const position of [0, 3 * mib, 5 * mib]) await other.write(Buffer.alloc(i + 1, 1), { position })
      return all(other)
    }),
  )
  t.same(
    found,
    [1, 2, 3].map((length) => [at(0, length), at(3 * mib, length), at(5 * mib, length)]),
  )
  await Promise.all(images.map((other) => other.close()))
})

t.test('a clone: with its parent and without; after a flatten', async (t) => {
  const { ioctx } = await openPool(t)
  const parent = await makeImage(ioctx, 'parent', 4 * mib)
  await parent.write(Buffer.alloc(objectSize, 1), { position: 0 })
  await parent.write(Buffer.alloc(objectSize, 1), { position: mib })
  await parent.snapshots.create('s')
  await parent.close()
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'child', { objectSize, cloneFormat: 2 })
  const child = await Image.open(ioctx, 'child')
  await child.write(Buffer.alloc(objectSize, 2), { position: 2 * mib })
  const at = (position: number): ImageExtent => ({ position, length: objectSize, exists: true })
  t.same(await all(child), [at(0), at(mib), at(2 * mib)])
  t.same(await all(child, { includeParent: false }), [at(2 * mib)])
  await child.snapshots.create('before')
  await child.flatten()
  t.same(await all(child, { from: 'before' }), [], 'the bytes are what they were')
  const itsOwn = cephRelease < 18 ? [] : [at(2 * mib)]
  t.same(
    await all(child, { from: 'before', wholeObject: true }),
    [at(0), at(mib), ...itsOwn],
    'their objects are new; since Ceph 18 those that the clone had count too',
  )
  await child.close()
})

t.test('from and to a snapshot of a group, which has no name that a diff can begin at', async (t) => {
  const { ioctx } = await openPool(t)
  await using image = await makeImage(ioctx, 'image', 4 * mib)
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'image')
  const block = Buffer.alloc(objectSize, 1)
  const at = (position: number): ImageExtent => ({ position, length: objectSize, exists: true })
  for (const [i, name] of ['one', 'two'].entries()) {
    await image.write(block, { position: i * mib })
    await group.snapshots.create(name)
  }
  await image.write(block, { position: 3 * mib })
  await image.flush()
  const [one, two] = (await image.snapshots.list()).map(({ id }) => id) as [bigint, bigint]
  await using then = await Image.open(ioctx, 'image', { snapshot: { id: two } })
  t.same(await all(then), [at(0), at(mib)])
  for (const wholeObject of [false, true]) {
    if (cephHas('18.2.5', '19.2.3')) {
      t.same(await all(image, { from: { id: one }, wholeObject }), [at(mib), at(3 * mib)])
      t.same(await all(image, { from: { id: two }, wholeObject }), [at(3 * mib)])
      t.same(await all(then, { from: { id: one }, wholeObject }), [at(mib)])
    } else {
      await t.rejects(all(image, { from: { id: one }, wholeObject }), {
        code: 'ENOSYS',
        syscall: 'rbd_diff_iterate3',
        message: /older than Ceph 18\.2\.5 \(reef\), 19\.2\.3 \(squid\)$/,
      })
    }
  }
  await then.close()
  await image.close()
  await Group.remove(ioctx, 'group')
})

t.test('it reads no further than its loop; a signal ends it; close() waits for no loop', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 256 * mib, objectSize, features: ['layering'] })
  const image = await Image.open(ioctx, 'image')
  // More than one window of 256 objects.
  for (let at = 0; at < 256 * mib; at += 8 * mib) await image.write(Buffer.alloc(4096, 1), { position: at })
  await image.flush()
  t.equal((await all(image)).length, 32)
  const controller = new AbortController()
  const seen: number[] = []
  const loop = async () => {
    for await (const { position } of image.diff({ signal: controller.signal })) {
      seen.push(position)
      if (seen.length === 2) controller.abort(new Error('enough'))
    }
  }
  await t.rejects(loop(), { message: 'enough' })
  t.same(seen, [0, 8 * mib])
  // What is written behind the window that was read is seen when the loop comes there.
  const diff = image.diff()
  await diff.next()
  await image.write(Buffer.alloc(4096, 1), { position: 205 * mib })
  await image.flush()
  let late = false
  for await (const { position } of diff) if (position === 205 * mib) late = true
  t.ok(late, 'the windows behind were not read before')
  const left = image.diff()
  await left.next()
  await image.close()
})
