import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { copy, Image } from 'rbdkit'
import t from 'tap'
import { contentOf, imageNames, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

t.test('file to image to file, sizes and patterns of all kinds', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const directory = t.testdir()
  const cases: [name: string, size: number, data: [number, number][]][] = [
    ['empty', 0, []],
    ['one', 1, [[0, 1]]],
    ['sector', 512, [[0, 512]]],
    ['hole', 64 * mib, []],
    [
      'ragged',
      13 * mib + 777,
      [
        [0, 3],
        [4 * mib - 1, 2],
        [8 * mib + 4095, 4098],
        [13 * mib, 777],
      ],
    ],
    ['scattered', 40 * mib, Array.from({ length: 100 }, (_, i) => [i * 400_003, 1 + ((i * 997) % 9000)])],
    ['dense', 21 * mib + 4096, [[0, 21 * mib + 4096]]],
  ]
  for (const [name, size, data] of cases) {
    const from = join(directory, `${name}.from`)
    makeSparse(from, size, data)
    const imported = await copy({ file: from }, { ioctx, image: name })
    t.equal(imported.bytes, size, name)
    t.ok((await contentOf(ioctx, name)).equals(readFileSync(from)), `${name}: the image has the file's bytes`)
    const metadata = await withImage(ioctx, name, (image) => image.metadata.list())
    t.equal(metadata.size, 0, `${name}: what librbd was told for the copy is gone`)

    const to = join(directory, `${name}.to`)
    const exported = await copy({ ioctx, image: name }, { file: to })
    t.ok(readFileSync(to).equals(readFileSync(from)), `${name}: and back`)
    t.equal(exported.digest, imported.digest, `${name}: digest`)
    t.ok(statSync(to).blocks <= statSync(from).blocks + 8, `${name}: holes stay holes`)

    if (size % 512 === 0 && size > 0) {
      const peer = join(directory, `${name}.rbd`)
      await rbd('export', '--no-progress', name, peer)
      t.ok(readFileSync(peer).equals(readFileSync(from)), `${name}: rbd export agrees`)
    }
  }
  t.same(await settledNames(ioctx), cases.map(([name]) => name).sort(), 'no temporary image is left')
})

t.test('an image of rbd import comes out the same', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 30 * mib, [
    [5 * mib, 9 * mib],
    [29 * mib, mib],
  ])
  await rbd('import', '--no-progress', '--object-size', '1M', from, 'peer')
  const to = join(directory, 'to')
  await copy({ ioctx, image: 'peer' }, { file: to })
  t.ok(readFileSync(to).equals(readFileSync(from)))
})

t.test('holes of a file and zeros in it take no objects', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 400 * mib, [
    [100 * mib, mib],
    [300 * mib, mib],
  ])
  const result = await copy({ file: from }, { ioctx, image: 'sparse' })
  t.equal(result.bytesWritten, 2 * mib)
  t.equal(result.holes, 398 * mib)
  const du = JSON.parse(await rbd('du', '--format', 'json', 'sparse')) as { images: [{ used_size: number }] }
  t.equal(du.images[0].used_size, 8 * mib, 'two objects')

  const started = Date.now()
  await Image.create(ioctx, 'large', { size: 1024 * 1024 * mib })
  const empty = await copy({ ioctx, image: 'large' }, { ioctx, image: 'large-copy' })
  t.equal(empty.bytes, 1024 * 1024 * mib)
  t.equal(empty.bytesRead, 0)
  t.ok(Date.now() - started < 10_000, 'a TiB of nothing')
})

t.test('image to image: layout taken over, or as asked', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'from', {
    size: 20 * mib + 1000 * 512,
    objectSize: mib,
    stripeUnit: 65536,
    stripeCount: 3,
    features: ['layering', 'exclusive-lock', 'striping'],
  })
  await withImage(ioctx, 'from', async (image) => {
    for (let i = 0; i < 20; i++) await image.write(randomBytes(100_000), { position: i * mib + 12345 })
  })
  const source = await contentOf(ioctx, 'from')

  await copy({ ioctx, image: 'from' }, { ioctx, image: 'like' })
  t.ok((await contentOf(ioctx, 'like')).equals(source), 'striped to striped')
  await withImage(ioctx, 'like', async (image) => {
    const info = await image.info()
    t.match(info, { objectSize: mib, stripeUnit: 65536, stripeCount: 3 })
    t.same(info.features, ['layering', 'striping', 'exclusive-lock'])
  })

  await copy(
    { ioctx, image: 'from' },
    {
      ioctx,
      image: 'other',
      objectSize: 65536,
      features: ['layering', 'exclusive-lock', 'object-map', 'fast-diff'],
    },
  )
  t.ok((await contentOf(ioctx, 'other')).equals(source), 'striped to plain, small objects')
  await withImage(ioctx, 'other', async (image) => {
    t.match(await image.info(), { objectSize: 65536, stripeCount: 1 })
  })

  await copy({ ioctx, image: 'other' }, { ioctx, image: 'wide', objectSize: 32 * mib })
  t.ok((await contentOf(ioctx, 'wide')).equals(source), 'small objects to large')
})

t.test('a snapshot is copied as it was, a clone with its parent in it', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 24 * mib, [
    [0, 10 * mib],
    [16 * mib, 2 * mib],
  ])
  await copy({ file: from }, { ioctx, image: 'golden' })
  await withImage(ioctx, 'golden', async (image) => {
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
    await image.write(randomBytes(5 * mib), { position: 3 * mib })
    await image.discard(16 * mib, 4 * mib)
  })
  const old = join(directory, 'old')
  await copy({ ioctx, image: 'golden', snapshot: 'base' }, { file: old })
  t.ok(readFileSync(old).equals(readFileSync(from)), 'later writes and discards are not in it')

  await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'child')
  await withImage(ioctx, 'child', (image) => image.write(randomBytes(70_000), { position: 17 * mib + 5 }))
  const result = await copy({ ioctx, image: 'child' }, { ioctx, image: 'flat' })
  t.ok((await contentOf(ioctx, 'flat')).equals(await contentOf(ioctx, 'child')))
  t.ok(result.bytesRead < 24 * mib, 'holes of the parent are not read')
  await withImage(ioctx, 'flat', async (image) => t.equal(await image.parent(), undefined))
})

t.test('a namespace', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  await rbd('namespace', 'create', '--namespace', 'tenant')
  const tenant = await cluster.openIoCtx(ioctx.pool, { namespace: 'tenant' })
  const from = join(t.testdir(), 'from')
  makeSparse(from, 5 * mib, [[0, 5 * mib]])
  await copy({ file: from }, { ioctx: tenant, image: 'disk' })
  t.same(await imageNames(tenant), ['disk'])
  t.same(await settledNames(ioctx), [])
  await copy({ ioctx: tenant, image: 'disk' }, { ioctx, image: 'disk' })
  t.ok((await contentOf(ioctx, 'disk')).equals(readFileSync(from)))
  await Image.remove(tenant, 'disk')
  await tenant.close()
  await rbd('namespace', 'remove', '--namespace', 'tenant')
})
