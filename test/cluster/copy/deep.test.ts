import { randomBytes } from 'node:crypto'
import { type CopyProgress, compare, copy, Image } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { listed, makeHistory, makeSource, sameContent, snapshots } from './deep-fixture.js'
import { contentOf, mib, openPool, settledNames, withImage } from './fixture.js'

t.jobs = 4

/** What each snapshot and the image after them take, as `rbd du` has it. */
async function used(rbd: (...args: string[]) => Promise<string>, name: string): Promise<number[]> {
  const { images } = JSON.parse(await rbd('du', '--format', 'json', name))
  return images.map((image: { used_size: number }) => image.used_size)
}

t.test('all of it is there, as rbd sees it', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  await makeSource(ioctx, 'from')
  const from = { ioctx, image: 'from' }
  const seen: CopyProgress[] = []
  const onProgress = (p: CopyProgress) => seen.push(p)
  const options = { deep: true, verify: 'checksum', onProgress } as const
  const result = await copy(from, { ioctx, image: 'to' }, options)
  t.equal(result.bytes, 11 * mib + 4096)
  t.equal(result.holes, (9 + 5 + 12 + 11) * mib + 4096 - result.bytesWritten)
  t.equal(result.digest, (await copy(from, { ioctx, image: 'plain' })).digest)
  const covered = (9 + 5 + 12 + 11) * mib + 4096
  t.ok(seen.every((p) => p.bytesDone <= covered && (p.phase !== 'copy' || p.bytesTotal === covered)))
  t.match(seen.at(-1), { phase: 'done', bytesDone: result.bytes, bytesTotal: result.bytes })

  await sameContent(t, from, { ioctx, image: 'to' })
  t.same(await listed(pool, 'to'), await listed(pool, 'from'))
  await withImage(ioctx, 'from', async (a) => {
    await withImage(ioctx, 'to', async (b) => {
      t.same(await b.metadata.list(), await a.metadata.list())
      const { objectSize, features } = await a.info()
      t.match(await b.info(), { objectSize, features })
    })
  })
  await rbd('deep', 'cp', '--no-progress', '--dest-pool', ioctx.pool, 'from', 'theirs')
  await rbd('object-map', 'check', '--no-progress', 'to')
  const [ours, theirs] = [await used(rbd, 'to'), await used(rbd, 'theirs')]
  t.equal(ours.length, 4)
  t.ok(
    ours.every((bytes, i) => bytes <= Number(theirs[i])),
    `no fatter than rbd's: ${ours}; ${theirs}`,
  )

  const file = `${t.testdir()}/stream`
  await rbd('export', '--no-progress', '--export-format', '2', 'to', file)
  await rbd('import', '--no-progress', '--export-format', '2', file, 'again')
  await sameContent(t, from, { ioctx, image: 'again' })
  t.same(await settledNames(ioctx), ['again', 'from', 'plain', 'theirs', 'to'])
  await Promise.all(
    ['again', 'from', 'theirs', 'to'].map((name) => rbd('snap', 'unprotect', '--snap', 's1', name)),
  )
})

t.test(
  'up to a snapshot; into a namespace and another layout; without a digest',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx, rbd, cluster } = pool
    await makeSource(ioctx, 'from')
    const from = { ioctx, image: 'from', snapshot: 's1' }
    const upTo = await copy(from, { ioctx, image: 'upto' }, { deep: true, verify: 'checksum' })
    t.equal(upTo.bytes, 5 * mib)
    t.same(await listed(pool, 'upto'), (await listed(pool, 'from')).slice(0, 2))
    await sameContent(t, from, { ioctx, image: 'upto' }, 's1')
    t.equal((await compare(from, { ioctx, image: 'upto' })).b.digest, upTo.digest)

    const dataPool = randomName('copy-data')
    await cluster.pools.create(dataPool)
    await rbd('namespace', 'create', '--namespace', 'tenant')
    const tenant = await cluster.openIoCtx(ioctx.pool, { namespace: 'tenant' })
    const to = {
      ioctx: tenant,
      image: 'to',
      dataPool,
      objectSize: 2 * mib,
      stripeUnit: 65536,
      stripeCount: 3,
    }
    const result = await copy({ ioctx, image: 'from' }, to, { deep: true, verify: 'none' })
    t.equal(result.digest, '')
    await sameContent(t, from, to)
    t.same(await listed(pool, 'to', '--namespace', 'tenant'), await listed(pool, 'from'))
    await withImage(tenant, 'to', async (image) => {
      t.match(await image.info(), { objectSize: 2 * mib, stripeCount: 3 })
      await image.snapshots.unprotect('s1')
      for (const name of snapshots) await image.snapshots.remove(name)
    })
    await Image.remove(tenant, 'to')
    await tenant.close()
    await cluster.pools.delete(dataPool)
    for (const name of ['from', 'upto']) await rbd('snap', 'unprotect', '--snap', 's1', name)
  },
)

t.test('a clone: what it has of its parent is there at each snapshot', { buffered: true }, async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 9 * mib, objectSize: mib })
  await withImage(ioctx, 'parent', async (image) => {
    await image.write(randomBytes(7 * mib), { position: mib })
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
  })
  await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, ioctx, 'from')
  await makeHistory(ioctx, 'from')
  const from = { ioctx, image: 'from' }
  const to = { ioctx, image: 'to' }
  await copy(from, to, { deep: true })
  await sameContent(t, from, to)
  await withImage(ioctx, 'from', async (image) => {
    await image.snapshots.unprotect('s1')
    await image.flatten()
    await image.snapshots.create('s3')
  })
  const flat = { ioctx, image: 'flat' }
  const usual: CopyProgress[] = []
  const result = await copy(from, flat, { deep: true, onProgress: (p) => usual.push(p) })
  t.equal(result.digest, '', 'unless asked for there is none, and nothing is read again')
  t.same(
    usual.filter(({ phase }) => phase === 'verify'),
    [],
  )
  await sameContent(t, from, flat)
  t.ok((await contentOf(ioctx, 'flat', 's3')).equals(await contentOf(ioctx, 'from', 's3')))
  await rbd('snap', 'unprotect', '--snap', 's1', 'to')
  await rbd('snap', 'rm', '--no-progress', '--snap', 's1', 'flat')
})

t.test('an image without snapshots; what cannot be deep', { buffered: true }, async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'from', { size: 5 * mib })
  await withImage(ioctx, 'from', (image) => image.write(randomBytes(mib), { position: mib }))
  const from = { ioctx, image: 'from' }
  const { digest, bytesRead } = await copy(from, { ioctx, image: 'to' }, { deep: true, verify: 'checksum' })
  t.equal(digest, (await compare(from, { ioctx, image: 'to' })).a.digest)
  t.ok(bytesRead <= 5 * mib, 'read once')
  const file = `${t.testdir()}/file`
  for (const [to, options] of [
    [{ file }, { deep: true }],
    [
      { ioctx, image: 'x' },
      { deep: true, verify: 'osd' },
    ],
  ] as const) {
    await t.rejects(Promise.resolve(copy(from, to, options)), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'none' }, { ioctx, image: 'x' }, { deep: true })), {
    code: 'ENOENT',
    image: 'none',
  })
  await t.rejects(Promise.resolve(copy(from, { ioctx, image: 'to' }, { deep: true })), {
    code: 'EEXIST',
    image: 'to',
  })
  t.same(await settledNames(ioctx), ['from', 'to'])
})
