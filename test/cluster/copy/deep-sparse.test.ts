/** Deep copies that ask about what has changed, and not about all that there is. */

import { randomBytes } from 'node:crypto'
import { copy, Image, type IoCtx } from 'rbdkit'
import t from 'tap'
import { type CopyPool, contentOf, mib, openPool, withImage } from './fixture.js'

const tib = 2 ** 40

/** What librbd says has changed, object by object. */
async function changes({ rbd }: CopyPool, image: string, from: string, to: string): Promise<unknown> {
  return JSON.parse(
    await rbd('diff', '--whole-object', '--format', 'json', '--from-snap', from, `${image}@${to}`),
  )
}

/** The bytes of the places in an image at a snapshot. */
async function bytesAt(ioctx: IoCtx, name: string, snapshot: string, places: number[]): Promise<Buffer> {
  const image = await Image.open(ioctx, name, { snapshot })
  try {
    const parts = places.map((position) => image.read({ position, length: mib }))
    return Buffer.concat((await Promise.all(parts)).map(({ buffer }) => buffer))
  } finally {
    await image.close()
  }
}

t.test('an image of 2 TiB: little is changed in it, far apart, and some of that to nothing', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  // At the beginning, a few objects on, too near to be asked about on its own, far away, and at the very end.
  const places = [0, 4 * mib, 5 * 4 * mib, 100 * 4 * mib, tib, tib + 4 * mib, 2 * tib - mib]
  const names = ['s0', 's1', 's2']
  await Image.create(ioctx, 'large', { size: 2 * tib })
  await withImage(ioctx, 'large', async (image) => {
    for (const position of places) await image.write(randomBytes(mib), { position })
    await image.snapshots.create('s0')
    for (const position of places.slice(0, 3))
      await image.write(randomBytes(4096), { position: position + 8192 })
    await image.discard(tib, 4 * mib)
    await image.snapshots.create('s1')
    await image.discard(2 * tib - 4 * mib, 4 * mib)
    await image.write(randomBytes(mib), { position: tib })
    await image.snapshots.create('s2')
  })
  const stalled: boolean[] = []
  await copy(
    { ioctx, image: 'large' },
    { ioctx, image: 'copy' },
    { deep: true, onProgress: (progress) => stalled.push(progress.stalled) },
  )
  for (const name of names) {
    const want = await bytesAt(ioctx, 'large', name, places)
    t.ok((await bytesAt(ioctx, 'copy', name, places)).equals(want), name)
  }
  for (const [from, to] of [
    ['s0', 's1'],
    ['s1', 's2'],
  ] as const) {
    t.same(await changes(pool, 'copy', from, to), await changes(pool, 'large', from, to), `${from} to ${to}`)
  }
  t.notOk(stalled.includes(true), 'it was never said to stand still')
  for (const image of ['large', 'copy']) {
    // Each object of such an image is asked to go, whether it is there or not.
    await withImage(ioctx, image, async (each) => {
      for (const name of names) await each.snapshots.remove(name)
      await each.resize(0, { allowShrink: true })
    })
  }
})

t.test('a snapshot without a valid object map is asked about object by object', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  await Image.create(ioctx, 'source', { size: 32 * mib, objectSize: mib })
  await withImage(ioctx, 'source', async (image) => {
    for (let i = 0; i < 4; i++) {
      await image.write(randomBytes(3 * mib), { position: i * 7 * mib + 1000 })
      await image.discard(i * 5 * mib, mib)
      await image.snapshots.create(`s${i}`)
    }
  })
  // Enabled anew on an image with data, the maps are not valid until they are rebuilt.
  await rbd('feature', 'disable', 'source', 'fast-diff', 'object-map')
  await rbd('feature', 'enable', 'source', 'object-map', 'fast-diff')
  t.match(await rbd('info', 'source@s1'), /flags: .*object map invalid/)
  await copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' }, { deep: true, verify: 'full' })
  for (const name of ['s0', 's1', 's2', 's3']) {
    t.ok((await contentOf(ioctx, 'copy', name)).equals(await contentOf(ioctx, 'source', name)), name)
  }
})
