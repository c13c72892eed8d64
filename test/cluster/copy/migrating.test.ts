/** Images that are being migrated: librbd's answers about their changes leave out what the old image has. */

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bench, compare, copy, exportDiff, exportImage, Image, type IoCtx, importDiff } from 'rbdkit'
import t from 'tap'
import { contentOf, imageNames, mib, openPool, settledNames, withImage } from './fixture.js'

/** Data, a snapshot, other data and a hole: what a wrong difference would lose. */
async function makeOld(ioctx: IoCtx, name: string): Promise<void> {
  await Image.create(ioctx, name, { size: 12 * mib, objectSize: mib })
  await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(5 * mib), { position: mib })
    await image.snapshots.create('a')
    await image.write(randomBytes(2 * mib), { position: 4 * mib })
    await image.discard(mib, mib)
    await image.snapshots.create('b')
    await image.write(randomBytes(5000), { position: 9 * mib })
  })
}

t.test('an image under migration is read as it is, and not asked for its changes', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  const directory = t.testdir()
  await makeOld(ioctx, 'old')
  await withImage(ioctx, 'old', async (image) => {
    await image.snapshots.protect('b')
  })
  await Image.clone(ioctx, { image: 'old', snapshot: 'b' }, ioctx, 'child')
  await withImage(ioctx, 'child', async (image) => {
    await image.write(randomBytes(mib), { position: 10 * mib })
    await image.snapshots.create('c')
  })
  const want = await contentOf(ioctx, 'old')
  const wantA = await contentOf(ioctx, 'old', 'a')
  const wantChild = await contentOf(ioctx, 'child')
  await rbd('migration', 'prepare', 'old', `${ioctx.pool}/new`)
  const names = await imageNames(ioctx)

  const busy = { name: 'CephError', code: 'EBUSY', message: /is being migrated/ }
  for (const image of ['new', 'child']) {
    const deep = copy({ ioctx, image }, { ioctx, image: 'copy' }, { deep: true })
    await t.rejects(Promise.resolve(deep), { ...busy, image }, `${image}: a deep copy`)
    const stream = exportImage({ ioctx, image }, { file: join(directory, 'stream') })
    await t.rejects(Promise.resolve(stream), { ...busy, image }, `${image}: an image stream`)
  }
  const diff = { file: join(directory, 'diff') }
  await t.rejects(
    Promise.resolve(exportDiff({ ioctx, image: 'new' }, diff, { fromSnapshot: 'a' })),
    busy,
    'a diff from a snapshot',
  )
  await t.rejects(
    Promise.resolve(exportDiff({ ioctx, image: 'new', snapshot: 'b' }, diff, { fromSnapshot: 'a' })),
    busy,
    'a diff between snapshots',
  )
  t.same(readdirSync(directory), [], 'nothing is left')
  t.same(await settledNames(ioctx), names, 'nor in the pool')
  await withImage(ioctx, 'new', async (image) => {
    await t.rejects(image.diskUsage(), busy)
    await t.rejects(image.diskUsage({ fromSnapshot: 'a' }), busy)
  })

  await copy({ ioctx, image: 'new' }, { ioctx, image: 'flat' }, { verify: 'full' })
  t.ok((await contentOf(ioctx, 'flat')).equals(want), 'a copy of the head')
  const file = join(directory, 'a')
  await copy({ ioctx, image: 'new', snapshot: 'a' }, { file })
  t.ok(readFileSync(file).equals(wantA), 'a copy of a snapshot')
  await copy({ ioctx, image: 'child' }, { ioctx, image: 'flat-child' })
  t.ok((await contentOf(ioctx, 'flat-child')).equals(wantChild), 'a copy of a clone')
  const { equal } = await compare({ ioctx, image: 'new' }, { ioctx, image: 'flat' })
  t.ok(equal, 'compared')
  const other = await compare({ ioctx, image: 'new', snapshot: 'a' }, { ioctx, image: 'flat' })
  t.notOk(other.equal, 'and found to differ')
  await exportDiff({ ioctx, image: 'new' }, diff)
  await Image.create(ioctx, 'applied', { size: 12 * mib })
  await importDiff(diff, { ioctx, image: 'applied' })
  t.ok((await contentOf(ioctx, 'applied')).equals(want), 'a diff from nothing is of all of it')
  await withImage(ioctx, 'new', async (image) => {
    await bench(image, { operation: 'read', runtime: 0.2 })
  })

  await rbd('migration', 'execute', 'new')
  await rbd('migration', 'commit', '--force', 'new')
  await copy({ ioctx, image: 'new' }, { ioctx, image: 'copy' }, { deep: true })
  t.ok((await contentOf(ioctx, 'copy')).equals(want), 'once that is over, a deep copy is right')
  t.ok((await contentOf(ioctx, 'copy', 'a')).equals(wantA))

  await withImage(ioctx, 'child', (image) => image.snapshots.remove('c'))
  await Image.remove(ioctx, 'child')
  for (const name of ['new', 'copy']) await withImage(ioctx, name, (image) => image.snapshots.unprotect('b'))
})
