import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, copy, Image } from 'rbdkit'
import t from 'tap'
import { contentOf, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

t.test('file, image, snapshot and clone', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 40 * mib + 512, [
    [mib, 5 * mib],
    [30 * mib, 10_000],
  ])
  const { digest } = await copy({ file: from }, { ioctx, image: 'disk' })
  const same = await compare({ file: from }, { ioctx, image: 'disk' })
  t.match(same, { equal: true, extents: [], extentCount: 0, bytesDiffering: 0, a: { digest }, b: { digest } })
  t.equal(same.rest, undefined)
  t.ok(same.b.bytesRead < 16 * mib, 'holes of the image are not read')

  await withImage(ioctx, 'disk', async (image) => {
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
    await image.write(randomBytes(100), { position: 20 * mib + 4000 })
    await image.writeZeroes(2 * mib, mib)
  })
  await Image.clone(ioctx, { image: 'disk', snapshot: 'base' }, ioctx, 'child')
  const changed = await compare({ ioctx, image: 'disk' }, { ioctx, image: 'disk', snapshot: 'base' })
  t.notOk(changed.equal)
  t.same(changed.extents, [
    { offset: 2 * mib, length: mib },
    { offset: 20 * mib, length: 8192 },
  ])
  t.ok((await compare({ ioctx, image: 'child' }, { file: from })).equal, 'the clone has its parent in it')

  await withImage(ioctx, 'child', (image) => image.resize(50 * mib))
  const longer = await compare({ file: from }, { ioctx, image: 'child' })
  t.match(longer, { equal: false, extentCount: 0 })
  t.same(longer.rest, { of: 'b', offset: 40 * mib + 512, length: 10 * mib - 512, zero: true })

  await t.rejects(Promise.resolve(compare({ file: from }, { ioctx, image: 'none' })), {
    name: 'CephError',
    code: 'ENOENT',
    image: 'none',
  })
  await t.rejects(Promise.resolve(compare({ ioctx, image: 'disk', snapshot: 'none' }, { file: from })), {
    code: 'ENOENT',
    snapshot: 'none',
  })
})

t.test('images of other layouts are compared byte by byte', async (t) => {
  const { ioctx } = await openPool(t)
  const striped = { objectSize: mib, stripeUnit: 65536, stripeCount: 3 }
  await Image.create(ioctx, 'a', { size: 20 * mib, ...striped })
  await withImage(ioctx, 'a', async (image) => {
    for (let i = 0; i < 12; i++) await image.write(randomBytes(90_000), { position: i * 1_700_000 + 11 })
  })
  await copy(
    { ioctx, image: 'a' },
    { ioctx, image: 'b', objectSize: 65536, stripeUnit: 65536, stripeCount: 1 },
  )
  t.ok((await compare({ ioctx, image: 'a' }, { ioctx, image: 'b' })).equal)
  await withImage(ioctx, 'b', (image) => image.write(Buffer.of(1), { position: 7 * mib + 4095 }))
  const before = await contentOf(ioctx, 'a')
  const after = await contentOf(ioctx, 'b')
  const { extents } = await compare({ ioctx, image: 'a' }, { ioctx, image: 'b' })
  t.same(extents, [{ offset: 7 * mib, length: 4096 }])
  t.not(before[7 * mib + 4095], after[7 * mib + 4095])
})

t.test('an image in use, or one that is both sides, is compared at one moment', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'busy', { size: 12 * mib })
  await withImage(ioctx, 'busy', async (image) => {
    await image.write(randomBytes(4 * mib), { position: mib })
    t.ok((await compare({ ioctx, image: 'busy' }, { ioctx, image: 'busy' })).equal)
    t.same(await image.snapshots.list(), [], 'no temporary snapshot is left')
  })
  t.ok((await compare({ ioctx, image: 'busy' }, { ioctx, image: 'busy' })).equal)
  await withImage(ioctx, 'busy', async (image) => t.same(await image.snapshots.list(), []))
})

t.test('a snapshot that is removed meanwhile, an abort: nothing is left', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const file = join(t.testdir(), 'file')
  await Image.create(ioctx, 'image', { size: 64 * mib })
  await withImage(ioctx, 'image', async (image) => {
    for (let at = 0; at < 64 * mib; at += 4 * mib) await image.write(randomBytes(4 * mib), { position: at })
    await image.snapshots.create('snap')
  })
  await copy({ ioctx, image: 'image', snapshot: 'snap' }, { file })
  t.ok(readFileSync(file).equals(await contentOf(ioctx, 'image')))
  await rbd('config', 'image', 'set', 'image', 'rbd_qos_read_bps_limit', String(32 * mib))

  const controller = new AbortController()
  const aborted = compare(
    { ioctx, image: 'image' },
    { file },
    { signal: controller.signal, maxMemory: 16 * mib },
  )
  for await (const { phase, bytesDone } of aborted) if (phase === 'compare' && bytesDone > 0) break
  controller.abort(new Error('enough'))
  await t.rejects(Promise.resolve(aborted), { message: 'enough' })
  await withImage(ioctx, 'image', async (image) => {
    t.same(await image.locks.owners(), [])
    const job = compare({ ioctx, image: 'image', snapshot: 'snap' }, { file }, { maxMemory: 16 * mib })
    for await (const { phase, bytesDone } of job) if (phase === 'compare' && bytesDone > 0) break
    await image.snapshots.remove('snap')
    await t.rejects(Promise.resolve(job), { code: 'ERR_SOURCE_CHANGED', message: /image@snap/ })
  })
  t.same(await settledNames(ioctx), ['image'])
})
