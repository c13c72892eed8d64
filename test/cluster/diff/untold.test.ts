/** What an object map does not tell is in diffs and deep copies: a rollback, and a parent that shows through no more. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { compare, copy, exportDiff, exportImage, Image, importDiff, importImage } from 'rbdkit'
import t from 'tap'
import { mib, openPool, withImage } from '../copy/fixture.js'

// findings/fast-diff-after-rollback.sh
t.test('a rollback to a snapshot before which nothing was written', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 16 * mib })
  await withImage(ioctx, 'parent', async (image) => {
    await image.write(randomBytes(12 * mib), { position: 0 })
    await image.snapshots.create('base')
  })
  await Image.create(ioctx, 'plain', { size: 16 * mib })
  await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, ioctx, 'clone', { cloneFormat: 2 })
  for (const name of ['plain', 'clone']) {
    const from = { ioctx, image: name }
    await withImage(ioctx, name, async (image) => {
      await image.write(randomBytes(8 * mib), { position: 0 })
      await image.snapshots.create('first')
      await image.snapshots.create('second')
      await image.write(randomBytes(mib), { position: 0 })
      await image.discard(4 * mib, 4 * mib)
      await image.snapshots.create('between')
      await image.snapshots.rollback('second')
      await image.snapshots.create('after')
    })
    for (const keepParent of [false, ...(name === 'clone' ? [true] : [])]) {
      const to = { ioctx, image: `${name}-${keepParent}` }
      await copy(from, to, { deep: true, keepParent })
      for (const snapshot of ['second', 'between', 'after']) {
        t.match(
          await compare({ ...from, snapshot }, { ...to, snapshot }),
          { equal: true },
          `${to.image}@${snapshot}`,
        )
      }
      t.match(await compare(from, to), { equal: true }, to.image)
    }

    const file = join(t.testdir(), 'diff')
    const receiver = { ioctx, image: `${name}-receiver` }
    await copy({ ...from, snapshot: 'between' }, receiver)
    await withImage(ioctx, receiver.image, (image) => image.snapshots.create('between'))
    await exportDiff({ ...from, snapshot: 'after' }, { file }, { fromSnapshot: 'between' })
    await importDiff({ file }, receiver)
    t.match(await compare({ ...from, snapshot: 'after' }, receiver), { equal: true }, receiver.image)
  }
})

t.test('a clone is shrunk and grown between two snapshots', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 16 * mib })
  await withImage(ioctx, 'parent', async (image) => {
    await image.write(randomBytes(16 * mib), { position: 0 })
    await image.snapshots.create('base')
  })
  await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, ioctx, 'clone', { cloneFormat: 2 })
  const from = { ioctx, image: 'clone' }
  await withImage(ioctx, 'clone', async (image) => {
    await image.write(randomBytes(mib), { position: 0 })
    await image.snapshots.create('before')
    await image.resize(5 * mib, { allowShrink: true })
    await image.resize(16 * mib)
    await image.snapshots.create('after')
  })
  await copy(from, { ioctx, image: 'copied' }, { deep: true })
  const stream = { file: join(t.testdir(), 'stream') }
  await exportImage(from, stream)
  await importImage(stream, { ioctx, image: 'imported' })
  for (const image of ['copied', 'imported']) {
    for (const snapshot of ['before', 'after']) {
      const found = await compare({ ...from, snapshot }, { ioctx, image, snapshot })
      t.match(found, { equal: true }, `${image}@${snapshot}`)
    }
  }
  const file = join(t.testdirName, 'diff')
  const receiver = { ioctx, image: `receiver` }
  await copy({ ...from, snapshot: 'before' }, receiver)
  await withImage(ioctx, receiver.image, (image) => image.snapshots.create('before'))
  await exportDiff({ ...from, snapshot: 'after' }, { file }, { fromSnapshot: 'before' })
  await importDiff({ file }, receiver)
  t.match(await compare({ ...from, snapshot: 'after' }, receiver), { equal: true }, receiver.image)
})
