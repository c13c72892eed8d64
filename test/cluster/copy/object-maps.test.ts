/** What has changed in an image, by its object maps: never less than librbd says, whatever has happened to it. */

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy, diffExtents, exportDiff, Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { seeded } from '../../helpers/diff.js'
import { type CopyPool, contentOf, openPool, withImage } from './fixture.js'

const kib = 1024
const object = 32 * kib
const names = ['s0', 's1', 's2', 's3', 's4']

interface Range {
  offset: number
  length: number
}

/** Writes, zeros and discards of all lengths, another size before each snapshot, and something after the last. */
async function makeHistory({ ioctx, rbd }: CopyPool, image: string, random: () => number): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit)
  await withImage(ioctx, image, async (open) => {
    for (const snapshot of [...names, undefined]) {
      const size = 2048 * kib + 512 * below(4096)
      await open.resize(size, { allowShrink: true })
      for (let i = below(12); i >= 0; i--) {
        const position = below(size - 1)
        const length = Math.min(size - position, 1 + below(i % 3 === 0 ? 8 * object : 3000))
        const kind = below(4)
        if (kind === 0) await open.discard(position, length)
        else await open.write(kind === 1 ? Buffer.alloc(length) : randomBytes(length), { position })
      }
      if (snapshot !== undefined) await open.snapshots.create(snapshot)
      // One that no copy has, and whose map tells what has changed since the one before all the same.
      if (snapshot === 's2') await rbd('group', 'snap', 'create', `${ioctx.pool}/group@${image}`)
    }
    // What its map told is then in the next one's.
    await open.snapshots.remove('s1')
  })
}

async function rangesOf(extents: AsyncIterable<Range>): Promise<Range[]> {
  const ranges: Range[] = []
  for await (const { offset, length } of extents) ranges.push({ offset, length })
  return ranges
}

/** Whether all of `parts` is in `whole`; both are in order. */
function within(parts: readonly Range[], whole: readonly Range[]): boolean {
  return parts.every(({ offset, length }) => {
    let at = offset
    for (const range of whole) {
      if (range.offset <= at && at < range.offset + range.length) at = range.offset + range.length
    }
    return at >= offset + length
  })
}

async function sameAtAll(
  test: Test,
  ioctx: IoCtx,
  image: string,
  copied: string,
  snapshots: readonly string[],
): Promise<void> {
  for (const snapshot of [...snapshots, undefined]) {
    const want = await contentOf(ioctx, image, snapshot)
    test.ok((await contentOf(ioctx, copied, snapshot)).equals(want), `${copied} at ${snapshot ?? 'its end'}`)
  }
}

for (const [layout, create] of [
  ['plain', { objectSize: object }],
  ['striped', { objectSize: object, stripeUnit: 8 * kib, stripeCount: 3 }],
  ['clone', { objectSize: object }],
] as const) {
  t.test(`random histories: ${layout}`, async (t) => {
    const pool = await openPool(t)
    const { ioctx, rbd } = pool
    const directory = t.testdir()
    const group = `${ioctx.pool}/group`
    await rbd('group', 'create', group)
    if (layout === 'clone') {
      await Image.create(ioctx, 'golden', { size: 2048 * kib, ...create })
      await withImage(ioctx, 'golden', async (golden) => {
        await golden.write(randomBytes(1500 * kib), { position: 100 * kib })
        await golden.snapshots.create('base')
        await golden.snapshots.protect('base')
      })
    }
    for (const seed of [1, 2]) {
      const image = `image${seed}`
      if (layout === 'clone') {
        await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, image, create)
      } else {
        await Image.create(ioctx, image, { size: 2048 * kib, ...create })
      }
      await rbd('group', 'image', 'add', group, `${ioctx.pool}/${image}`)
      await makeHistory(pool, image, seeded(seed))
      const kept = names.filter((name) => name !== 's1')
      await copy({ ioctx, image }, { ioctx, image: `copy${seed}` }, { deep: true })
      await sameAtAll(t, ioctx, image, `copy${seed}`, kept)

      for (const [from, to] of [
        ['s0', 's2'],
        ['s2', 's4'],
        ['s3', 's4'],
        ['s3', undefined],
      ] as const) {
        const file = join(directory, `${image}-${from}-${to}`)
        await exportDiff(
          { ioctx, image, ...(to === undefined ? {} : { snapshot: to }) },
          { file },
          { fromSnapshot: from },
        )
        const spec = to === undefined ? image : `${image}@${to}`
        const theirs = JSON.parse(await rbd('diff', '--format', 'json', '--from-snap', from, spec))
        const ours = await rangesOf(diffExtents({ file }))
        t.ok(within(theirs, ours), `from ${from} to ${to ?? 'the end'}: nothing is left out`)
      }
      await rbd('group', 'snap', 'rm', `${group}@${image}`)
      await rbd('group', 'image', 'rm', group, `${ioctx.pool}/${image}`)
    }
    for (const { name } of await Image.list(ioctx)) {
      if (name === 'golden') continue
      await withImage(ioctx, name, async (image) => {
        for (const each of await image.snapshots.list()) await image.snapshots.remove(each.name)
      })
    }
    if (layout !== 'clone') return
    for (const { name } of await Image.list(ioctx)) if (name !== 'golden') await Image.remove(ioctx, name)
    await withImage(ioctx, 'golden', (golden) => golden.snapshots.unprotect('base'))
  })
}

t.test('maps that are damaged, cut, of another size or not there are not believed', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados, rbd } = pool
  const file = join(t.testdir(), 'map')
  const put = (map: string, bytes: Buffer): Promise<string> => {
    writeFileSync(file, bytes)
    return rados('put', map, file)
  }
  const empty = Buffer.concat([Buffer.from('0e000000010108000000', 'hex'), Buffer.alloc(8 + 4)])
  for (const [what, damage] of [
    ['damaged', (map: string) => put(map, randomBytes(60))],
    ['cut', (map: string) => rados('truncate', map, '25')],
    ['of an empty image', (map: string) => put(map, empty)],
    ['not there', (map: string) => rados('rm', map)],
  ] as const) {
    const image = what.replaceAll(' ', '-')
    await Image.create(ioctx, image, { size: 2048 * kib, objectSize: object })
    await withImage(ioctx, image, async (open) => {
      for (const [i, snapshot] of ['s0', 's1', 's2'].entries()) {
        await open.write(randomBytes(3 * object), { position: i * 7 * object + 1000 })
        await open.discard(i * 2 * object, object)
        await open.snapshots.create(snapshot)
      }
    })
    const { id } = JSON.parse(await rbd('info', '--format', 'json', image))
    const { id: snapshot } = JSON.parse(await rbd('snap', 'ls', '--format', 'json', image))[1]
    await damage(`rbd_object_map.${id}.${snapshot.toString(16).padStart(16, '0')}`)
    await copy({ ioctx, image }, { ioctx, image: `${image}-copy` }, { deep: true })
    await sameAtAll(t, ioctx, image, `${image}-copy`, ['s0', 's1', 's2'])
  }
})
