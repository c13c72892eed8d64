import { randomBytes } from 'node:crypto'
import { type CopySource, copy, type Feature, Image, type ImageLayout } from 'rbdkit'
import t from 'tap'
import { listed, sameContent } from './deep-fixture.js'
import { contentOf, mib, openPool, settledNames, withImage } from './fixture.js'
import { childrenOf, makeClone, makeHistory, makeParent, parentOf } from './parent-fixture.js'

t.jobs = 4

/** What an image and its snapshots take, in objects of 1 MiB. */
async function used(rbd: (...args: string[]) => Promise<string>, name: string): Promise<number[]> {
  const { images } = JSON.parse(await rbd('du', '--format', 'json', name))
  return images.map(({ used_size }: { used_size: number }) => used_size / mib)
}

const featureSets: Record<string, Feature[] | undefined> = {
  'with fast diff': undefined,
  'without an object map': ['layering', 'exclusive-lock'],
  bare: ['layering'],
}

for (const [what, features] of Object.entries(featureSets)) {
  t.test(`a clone stays one, ${what}`, { buffered: true }, async (t) => {
    const pool = await openPool(t)
    const { ioctx, rbd } = pool
    await makeParent(ioctx)
    await makeClone(ioctx, 'from', ioctx, features && { features })
    await makeHistory(ioctx, 'from')
    const from = { ioctx, image: 'from' }
    const targets: [string, ImageLayout][] = [
      ['same', {}],
      ['large', { objectSize: 4 * mib }],
      ['small', { objectSize: 262_144 }],
      ['striped', { stripeUnit: 65_536, stripeCount: 3 }],
    ]
    const digests = new Set<string>()
    for (const [image, layout] of features ? targets.slice(0, 2) : targets) {
      const to = { ioctx, image, ...layout }
      const { digest, bytes } = await copy(from, to, { deep: true, keepParent: true, verify: 'checksum' })
      t.equal(bytes, 16 * mib)
      digests.add(digest)
      await sameContent(t, from, to)
      t.same(await listed(pool, image), await listed(pool, 'from'))
      t.same(await parentOf(ioctx, image), await parentOf(ioctx, 'from'))
      const metadata = await withImage(ioctx, image, (opened) => opened.metadata.list())
      t.same(metadata, await withImage(ioctx, 'from', (opened) => opened.metadata.list()))
      if (!features) await rbd('object-map', 'check', '--no-progress', image)
    }
    t.equal(digests.size, 1)
    t.equal([...digests][0], (await copy(from, { ioctx, image: 'plain' })).digest)
    const [theirs, ours] = [await used(rbd, 'from'), await used(rbd, 'same')]
    t.ok(ours.length === 4 && ours.every((objects, i) => objects <= Number(theirs[i])), `${ours}; ${theirs}`)
    t.same((await childrenOf(ioctx)).includes('same'), true)
  })
}

t.test('its own objects only; other pools, namespaces and clone formats', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, rbd } = pool
  const other = await openPool(t)
  await makeParent(ioctx)
  await rbd('namespace', 'create', '--namespace', 'tenant')
  const tenant = await cluster.openIoCtx(ioctx.pool, { namespace: 'tenant' })
  t.teardown(() => tenant.close())
  await makeClone(ioctx, 'from', other.ioctx)
  await withImage(other.ioctx, 'from', async (image) => {
    await image.write(randomBytes(100), { position: 5 * mib })
    await image.discard(0, mib)
  })
  const from = { ioctx: other.ioctx, image: 'from' }
  const options = { deep: true, keepParent: true }
  await withImage(other.ioctx, 'from', async (writer) => {
    const result = await copy(from, { ioctx: tenant, image: 'open' }, { ...options, verify: 'checksum' })
    t.ok(result.bytesRead <= 2 * mib + 16 * mib, 'the digest is read, and two objects')
    await writer.write(randomBytes(100), { position: 6 * mib })
  })
  const to = { ioctx, image: 'to' }
  const result = await copy(from, to, options)
  t.ok(result.bytesRead <= 3 * mib && result.bytesWritten <= 2 * mib, `${result.bytesRead} bytes read`)
  t.equal(
    (await copy(to, { ioctx, image: 'plain' })).digest,
    (await copy(from, { ioctx, image: 'flat' })).digest,
  )
  for (const [where, name] of [
    [tenant, 'open'],
    [ioctx, 'to'],
  ] as const)
    t.match(await parentOf(where, name), {
      pool: ioctx.pool,
      namespace: '',
      image: 'parent',
      snapshot: 'base',
    })

  await withImage(ioctx, 'parent', (image) => image.snapshots.protect('base'))
  await makeClone(ioctx, 'first', ioctx, { cloneFormat: 1 } as ImageLayout)
  await copy({ ioctx, image: 'first' }, { ioctx, image: 'second' }, options)
  t.same(await childrenOf(ioctx), ['first', 'from', 'open', 'second', 'to'])
  // A clone of a clone; and what the parent's name is by then.
  await withImage(ioctx, 'to', (image) => image.snapshots.create('base'))
  await Image.clone(ioctx, { image: 'to', snapshot: 'base' }, ioctx, 'third', { cloneFormat: 2 })
  await Image.rename(ioctx, 'to', 'renamed')
  await copy({ ioctx, image: 'third' }, { ioctx, image: 'fourth' }, options)
  t.match(await parentOf(ioctx, 'fourth'), { image: 'renamed' })
  await Image.remove(tenant, 'open')
})

t.test('cut once, before its first snapshot', { buffered: true }, async (t) => {
  const { ioctx } = await openPool(t)
  await makeParent(ioctx)
  await makeClone(ioctx, 'from', ioctx)
  await withImage(ioctx, 'from', async (image) => {
    await image.resize(7 * mib + 333, { allowShrink: true })
    await image.resize(13 * mib)
    for (const name of ['s0', 's1', 's2']) {
      await image.snapshots.create(name)
      await image.write(randomBytes(400), { position: 7 * mib })
    }
  })
  const [from, to] = [
    { ioctx, image: 'from' },
    { ioctx, image: 'to' },
  ]
  await copy(from, to, { deep: true, keepParent: true })
  await sameContent(t, from, to)
  const overlap = (name: string) => withImage(ioctx, name, async (image) => (await image.info()).overlap)
  t.equal(await overlap('to'), await overlap('from'))
})

t.test('what cannot be kept is refused, and nothing is made', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados } = pool
  await makeParent(ioctx)
  const prepare: Record<string, (image: Image) => Promise<unknown>> = {
    cut: async (image) => {
      await image.snapshots.create('s')
      await image.resize(4 * mib, { allowShrink: true })
    },
    flattened: async (image) => {
      await image.snapshots.create('s')
      await image.flatten()
    },
  }
  for (const [name, change] of Object.entries(prepare)) {
    await makeClone(ioctx, name, ioctx, { features: ['layering', 'exclusive-lock'] })
    await withImage(ioctx, name, change)
  }
  await makeClone(ioctx, 'trashed', ioctx)
  const refused = async (image: string, message: RegExp) => {
    await t.rejects(
      Promise.resolve(copy({ ioctx, image }, { ioctx, image: 'to' }, { deep: true, keepParent: true })),
      { name: 'CopyError', code: 'ERR_PARENT_UNSUPPORTED', message },
      image,
    )
  }
  await refused('parent', /has no parent/)
  await refused('cut', /snapshot 's'.*cut/)
  await refused('flattened', /no parent/)
  await withImage(ioctx, 'parent', (image) => image.snapshots.remove('base'))
  await refused('trashed', /trash/)
  const from: CopySource = { ioctx, image: 'trashed' }
  for (const [to, options] of [
    [{ ioctx, image: 'to' }, { keepParent: true }],
    [
      { ioctx, image: 'to', features: ['exclusive-lock'] as const },
      { deep: true, keepParent: true },
    ],
    [{ file: '/nowhere/x' }, { deep: true, keepParent: true }],
  ] as const) {
    await t.rejects(Promise.resolve(copy(from, to, options)), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  t.same(await settledNames(ioctx), ['cut', 'flattened', 'parent', 'trashed'])
  t.notMatch(await rados('ls'), /rbdkit-/)
  await copy(from, { ioctx, image: 'to' }, { deep: true })
  t.ok((await contentOf(ioctx, 'to')).equals(await contentOf(ioctx, 'trashed')), 'without it it is copied')
})
