import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, copy, Image } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { contentOf, imageNames, makeSparse, mib, openPool, withImage } from './fixture.js'

t.test('between two clusters, there and back', async (t) => {
  const second = await LocalCluster.start({ objectstore: 'memstore' })
  t.teardown(() => second.close())
  const here = await openPool(t)
  const there = await openPool(t, second)
  t.not(await here.cluster.fsid(), await there.cluster.fsid())

  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 33 * mib + 513, [
    [0, 5 * mib],
    [20 * mib + 1, 9 * mib],
  ])
  const content = readFileSync(from)
  const first = await copy({ file: from }, { ioctx: here.ioctx, image: 'disk', objectSize: mib })
  const over = await copy({ ioctx: here.ioctx, image: 'disk' }, { ioctx: there.ioctx, image: 'disk' })
  t.equal(over.digest, first.digest)
  t.ok((await contentOf(there.ioctx, 'disk')).equals(content))
  await withImage(there.ioctx, 'disk', async (image) => {
    t.equal((await image.info()).objectSize, mib, 'the layout goes along')
    await image.snapshots.create('s')
  })
  const source = { ioctx: here.ioctx, image: 'disk' }
  const same = await compare(source, { ioctx: there.ioctx, image: 'disk', snapshot: 's' })
  t.ok(same.equal)
  await withImage(there.ioctx, 'disk', (image) => image.write(Buffer.alloc(1), { position: mib }))
  t.match(await compare(source, { ioctx: there.ioctx, image: 'disk' }), {
    equal: false,
    extents: [{ offset: mib, length: 4096 }],
  })
  const back = await copy(
    { ioctx: there.ioctx, image: 'disk', snapshot: 's' },
    { ioctx: here.ioctx, image: 'back' },
  )
  t.equal(back.digest, first.digest)
  t.ok((await contentOf(here.ioctx, 'back')).equals(content))

  // With its history, which each cluster numbers for itself.
  await withImage(here.ioctx, 'back', async (image) => {
    await image.snapshots.create('a')
    await image.snapshots.protect('a')
    await image.write(Buffer.alloc(5000, 1), { position: 7 * mib })
    await image.resize(20 * mib, { allowShrink: true })
    await image.snapshots.create('b')
    await image.metadata.set('owner', 'somebody')
  })
  const deep = { ioctx: there.ioctx, image: 'deep' }
  await copy({ ioctx: here.ioctx, image: 'back' }, deep, { deep: true })
  for (const snapshot of ['a', 'b', undefined]) {
    const want = await contentOf(here.ioctx, 'back', snapshot)
    t.ok((await contentOf(there.ioctx, 'deep', snapshot)).equals(want), `at ${snapshot}`)
  }
  await withImage(there.ioctx, 'deep', async (image) => {
    t.same(
      (await image.snapshots.list()).map((snapshot) => [snapshot.name, snapshot.protected]),
      [
        ['a', true],
        ['b', false],
      ],
    )
    t.same([...(await image.metadata.list())], [['owner', 'somebody']])
    await image.snapshots.unprotect('a')
  })
  await withImage(here.ioctx, 'back', (image) => image.snapshots.unprotect('a'))

  // A clone stays here, for its parent is; its content can go.
  await withImage(here.ioctx, 'back', (image) => image.snapshots.create('base'))
  await Image.clone(here.ioctx, { image: 'back', snapshot: 'base' }, here.ioctx, 'clone', { cloneFormat: 2 })
  const clone = { ioctx: here.ioctx, image: 'clone' }
  const kept = copy(clone, { ioctx: there.ioctx, image: 'clone' }, { deep: true, keepParent: true })
  await t.rejects(Promise.resolve(kept), { code: 'ERR_PARENT_UNSUPPORTED', message: /another cluster/ })
  await Image.remove(here.ioctx, 'clone')

  // The name is free there and taken here: each end is looked up in its own cluster.
  await Image.rename(there.ioctx, 'disk', 'elsewhere')
  await t.rejects(
    Promise.resolve(copy({ ioctx: there.ioctx, image: 'elsewhere' }, { ioctx: here.ioctx, image: 'disk' })),
    { code: 'EEXIST', pool: here.ioctx.pool },
  )
  await t.rejects(
    Promise.resolve(copy({ ioctx: there.ioctx, image: 'disk' }, { ioctx: here.ioctx, image: 'new' })),
    { code: 'ENOENT', pool: there.ioctx.pool },
  )
  t.same(await imageNames(here.ioctx), ['back', 'disk'])
  t.same(await imageNames(there.ioctx), ['deep', 'elsewhere'])
})
