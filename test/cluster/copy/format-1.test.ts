/** Images of format 1, which librbd still reads: they have no id, no features and no dates. */

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanupCopies, compare, copy, exportDiff, exportImage, Image, importDiff, importImage } from 'rbdkit'
import t from 'tap'
import { contentOf, mib, openPool, settledNames, withImage } from './fixture.js'

t.test('an image of format 1 is copied, exported, compared and described', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  const directory = t.testdir()
  // Without it librbd makes none any more.
  process.env.RBD_FORCE_ALLOW_V1 = '1'
  await rbd('create', '--image-format', '1', '--size', '9M', '--object-size', '1M', 'old')
  const fresh = await Image.open(ioctx, 'old', { readOnly: true })
  const info = await fresh.info()
  await fresh.close()
  t.match(info, { id: '', name: 'old', size: 9 * mib, features: [] })
  t.notOk('created' in info || 'modified' in info || 'accessed' in info, 'it has no dates, not 1970')
  await withImage(ioctx, 'old', async (image) => {
    await image.write(randomBytes(3 * mib), { position: mib + 333 })
    await image.snapshots.create('a')
    await image.write(randomBytes(5000), { position: 7 * mib })
    t.ok((await image.diskUsage()) >= 4 * mib)
  })
  const want = await contentOf(ioctx, 'old')
  const wantA = await contentOf(ioctx, 'old', 'a')

  await copy({ ioctx, image: 'old' }, { ioctx, image: 'flat' }, { verify: 'full' })
  t.ok((await contentOf(ioctx, 'flat')).equals(want), 'its head')
  await withImage(ioctx, 'flat', async (image) => {
    t.ok((await image.info()).features.includes('exclusive-lock'), 'is a new image as any other')
  })
  await withImage(ioctx, 'old', async (image) => {
    t.same(
      (await image.snapshots.list()).map(({ name }) => name),
      ['a'],
      'the temporary snapshot is gone',
    )
  })
  const file = join(directory, 'a')
  await copy({ ioctx, image: 'old', snapshot: 'a' }, { file })
  t.ok(readFileSync(file).equals(wantA), 'a snapshot')
  await copy({ ioctx, image: 'old' }, { ioctx, image: 'deep' }, { deep: true })
  t.ok((await contentOf(ioctx, 'deep')).equals(want), 'deep')
  t.ok((await contentOf(ioctx, 'deep', 'a')).equals(wantA))
  t.ok((await compare({ ioctx, image: 'old' }, { ioctx, image: 'deep' })).equal, 'compared')

  const diff = { file: join(directory, 'diff') }
  await exportDiff({ ioctx, image: 'old' }, diff, { fromSnapshot: 'a' })
  await copy({ ioctx, image: 'old', snapshot: 'a' }, { ioctx, image: 'applied' })
  await withImage(ioctx, 'applied', (image) => image.snapshots.create('a'))
  await importDiff(diff, { ioctx, image: 'applied' })
  t.ok((await contentOf(ioctx, 'applied')).equals(want), 'a diff')
  const stream = { file: join(directory, 'stream') }
  await exportImage({ ioctx, image: 'old' }, stream)
  await importImage(stream, { ioctx, image: 'imported' })
  t.ok((await contentOf(ioctx, 'imported')).equals(want), 'an image stream')
  t.ok((await contentOf(ioctx, 'imported', 'a')).equals(wantA))
  t.same(await cleanupCopies({ ioctx }), [], 'nothing is left')

  const to = { ioctx, image: 'old' }
  await t.rejects(Promise.resolve(copy({ file }, to)), { code: 'EEXIST' }, 'its name is taken')
  const replacing = copy({ file }, to, { replace: true })
  await t.rejects(Promise.resolve(replacing), { code: 'EOPNOTSUPP', message: /format 1/ })
  t.ok((await contentOf(ioctx, 'old')).equals(want))
  t.same(await settledNames(ioctx), ['applied', 'deep', 'flat', 'imported', 'old'])
})
