import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool, settledNames } from '../copy/fixture.js'

interface RbdInfo {
  id: string
  name: string
  size: number
  objects: number
  object_size: number
  block_name_prefix: string
  features: string[]
  stripe_unit?: number
  stripe_count?: number
  data_pool?: string
}

t.test('info says what rbd info says, for every layout', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const dataPool = `${ioctx.pool}-data`
  await cluster.pools.create(dataPool)
  t.teardown(() => cluster.pools.delete(dataPool))
  const layouts = {
    default: {},
    'small objects': { objectSize: 4096 },
    'large objects': { objectSize: 32 * mib, features: ['layering'] },
    plain: { features: [] },
    'by mask': { features: 5n },
    striped: { features: ['layering', 'striping'], objectSize: mib, stripeUnit: 65_536, stripeCount: 4 },
    'data pool': { dataPool, features: ['layering', 'exclusive-lock'] },
    journaled: { features: ['exclusive-lock', 'journaling'] },
  } as const
  for (const [name, layout] of Object.entries(layouts)) {
    await Image.create(ioctx, name, { size: 10 * mib + 512, ...layout })
    const image = await Image.open(ioctx, name)
    const info = await image.info()
    await image.close()
    const theirs = JSON.parse(await rbd('info', '--format', 'json', name)) as RbdInfo
    t.match(
      theirs,
      {
        id: info.id,
        name: info.name,
        size: info.size,
        objects: info.objects,
        object_size: info.objectSize,
        block_name_prefix: info.blockNamePrefix,
        features: info.features,
        ...(theirs.stripe_count ? { stripe_unit: info.stripeUnit, stripe_count: info.stripeCount } : {}),
      },
      name,
    )
    t.equal(theirs.features.length, info.features.length)
    t.equal(theirs.data_pool === undefined, info.dataPoolId === (await ioctx.id()))
    t.ok(Math.abs(Number(info.created) - Date.now()) < 60_000)
  }
  t.same(await settledNames(ioctx), Object.keys(layouts).sort())
})

t.test('open by name, by id, read-only and at a snapshot', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const image = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('before'), { position: 0 })
  await image.snapshots.create('snap')
  await image.write(Buffer.from('after!'), { position: 0 })
  await image.resize(2 * mib)
  const { id } = await image.info()
  t.same(await Image.list(ioctx), [{ id, name: 'image' }])

  const text = async (one: Image) => (await one.read({ position: 0, length: 6 })).buffer.toString()
  await using byId = await Image.open(ioctx, { id })
  t.equal(await text(byId), 'after!')
  t.equal((await byId.info()).name, 'image')
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  t.equal(reader.readOnly, true)
  t.equal((await image.listWatchers()).length, 2, 'readers do not watch')
  await using then = await Image.open(ioctx, 'image', { snapshot: 'snap' })
  t.equal(then.readOnly, true)
  t.equal(await text(then), 'before')
  t.equal(await then.size(), mib)
  for (const one of [reader, then]) {
    const refused: (() => Promise<unknown>)[] = [
      () => one.write(Buffer.from('x'), { position: 0 }),
      () => one.writev([Buffer.from('x')], 0),
      () => one.discard(0, 4096),
      () => one.writeZeroes(0, 4096),
      () => one.resize(4 * mib),
      () => one.snapshots.create('other'),
      () => one.snapshots.remove('snap'),
      () => one.snapshots.protect('snap'),
      () => one.snapshots.rollback('snap'),
      () => one.flatten(),
      () => one.metadata.set('a', 'b'),
    ]
    for (const call of refused) await t.rejects(call(), { code: 'EROFS', image: 'image' }, String(call))
    await t.rejects(one.locks.acquire('exclusive'), { code: 'EROFS', syscall: 'rbd_lock_acquire' })
  }
  await image.close()
  await using last = await Image.open(ioctx, 'image')
  t.equal(await text(last), 'after!')
  t.same(
    (await last.snapshots.list()).map(({ name }) => name),
    ['snap'],
  )
})

t.test('an aborted open', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const controller = new AbortController()
  const opening = Image.open(ioctx, 'image', { signal: controller.signal })
  controller.abort(new Error('not any more'))
  await t.rejects(opening, { message: 'not any more' })
  // What was opened after all is closed: the image can be removed.
  for (let i = 0; i < 100; i++) {
    const gone = await Image.remove(ioctx, 'image').then(
      () => true,
      () => false,
    )
    if (gone) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.fail('the image stays open')
})

t.test('resize guards against shrinking', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(mib, 1), { position: 6 * mib })
  await t.rejects(image.resize(mib), { code: 'EINVAL', syscall: 'rbd_resize2', image: 'image' })
  t.equal(await image.size(), 8 * mib)
  t.ok((await image.read({ position: 6 * mib, length: mib })).buffer.equals(Buffer.alloc(mib, 1)))
  await image.resize(BigInt(mib), { allowShrink: true })
  await image.resize(8 * mib)
  t.ok((await image.read({ position: 6 * mib, length: mib })).buffer.equals(Buffer.alloc(mib)), 'zeros again')
  // To the byte, not the object.
  await image.write(Buffer.alloc(256, 2), { position: 4 * mib - 10 })
  await image.resize(4 * mib - 5, { allowShrink: true })
  await image.resize(8 * mib)
  const { buffer } = await image.read({ position: 4 * mib - 10, length: 256 })
  t.ok(buffer.equals(Buffer.concat([Buffer.alloc(5, 2), Buffer.alloc(251)])), 'what was cut off is zero')
  await image.resize(2n ** 49n)
  t.equal(await image.size(), 2 ** 49)
  await image.close()
  await t.rejects(image.resize(mib), { code: 'EBADF', syscall: 'rbd_resize2' })
})

t.test('rename and remove', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'one', { size: mib })
  await Image.create(ioctx, 'two', { size: mib })
  await t.rejects(Image.create(ioctx, 'one', { size: mib }), {
    code: 'EEXIST',
    syscall: 'rbd_create4',
    image: 'one',
  })
  const { pool } = ioctx
  await t.rejects(Image.rename(ioctx, 'one', 'two'), {
    code: 'EEXIST',
    image: 'one',
    dest: `${pool}/two`,
    message: `EEXIST: file exists, rbd_rename '${pool}/one' -> '${pool}/two'`,
  })
  await t.rejects(Image.rename(ioctx, 'one', 'one'), { code: 'EEXIST', image: 'one' })
  await t.rejects(Image.rename(ioctx, 'none', 'new'), { code: 'ENOENT', image: 'none' })
  await Image.rename(ioctx, 'one', 'three ünï')
  t.same(await settledNames(ioctx), ['three ünï', 'two'])
  const two = await Image.open(ioctx, 'two')
  await t.rejects(Image.remove(ioctx, 'two'), {
    code: 'EBUSY',
    syscall: 'rbd_remove_with_progress',
    image: 'two',
  })
  await two.snapshots.create('s')
  await two.write(Buffer.from('still here'), { position: 0 })
  await two.close()
  await t.rejects(Image.remove(ioctx, 'two'), { code: 'ENOTEMPTY', image: 'two' })
  const again = await Image.open(ioctx, 'two')
  t.equal((await again.read({ position: 0, length: 10 })).buffer.toString(), 'still here')
  await again.snapshots.remove('s')
  await again.close()
  await Image.remove(ioctx, 'two')
  await Image.remove(ioctx, 'three ünï')
  await t.rejects(Image.remove(ioctx, 'two'), { code: 'ENOENT', image: 'two' })
  t.same(await Image.list(ioctx), [])
})

t.test('watchers and times', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const [one, two] = [await Image.open(ioctx, 'image'), await Image.open(ioctx, 'image')]
  const watchers = await one.listWatchers()
  t.equal(watchers.length, 2)
  t.ok(watchers.every(({ address, id, cookie }) => /^127\.0\.0\.1:/.test(address) && id > 0n && cookie > 0n))
  await two.close()
  t.equal((await one.listWatchers()).length, 1)
  await one.close()
})

t.test('results that have ids can be written as JSON', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await image.snapshots.create('s')
  await Image.clone(ioctx, { image: 'image', snapshot: 's' }, ioctx, 'clone', { cloneFormat: 2 })
  await using clone = await Image.open(ioctx, 'clone')
  const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  const info = await image.info()
  t.type(info.featureMask, 'bigint')
  t.ok(info.created && info.modified && info.accessed)
  t.same(read(info), {
    ...info,
    featureMask: String(info.featureMask),
    flags: '0',
    dataPoolId: String(await ioctx.id()),
    created: info.created?.toISOString(),
    modified: info.modified?.toISOString(),
    accessed: info.accessed?.toISOString(),
  })
  t.notOk(Object.keys(info).includes('toJSON'))
  const [snapshot] = await image.snapshots.list()
  t.match(read(snapshot), { id: String(snapshot?.id), namespace: { type: 'user' } })
  const [watcher] = await image.listWatchers()
  t.match(read([watcher]), [{ id: String(watcher?.id), cookie: String(watcher?.cookie) }])
  t.match(read(await image.listChildren()), [{ poolId: /^\d+$/, image: 'clone' }])
  t.match(read(await clone.parent()), { snapshotId: String(snapshot?.id) })
})
