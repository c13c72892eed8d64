import { bench, Image } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { openPool } from '../copy/fixture.js'
import { mib, openImage } from './fixture.js'

t.test('reads of what was never written are refused', async (t) => {
  const { ioctx } = await openPool(t)
  for (const features of [undefined, ['layering'] as const]) {
    const name = randomName('empty')
    await Image.create(ioctx, name, { size: 32 * mib, ...(features ? { features } : {}) })
    const image = await Image.open(ioctx, name)
    await t.rejects(Promise.resolve(bench(image)), {
      name: 'BenchError',
      code: 'ERR_RBDKIT_BENCH_UNALLOCATED',
      message: /0\.0 % .*allowUnallocated/s,
      pool: ioctx.pool,
      image: name,
    })
    const allowed = await bench(image, { allowUnallocated: true, runtime: 0.2 })
    t.equal(allowed.settings.images[0]?.allocated, 0)
    await image.write(Buffer.alloc(4096, 1), { position: 0 })
    await t.rejects(Promise.resolve(bench(image)), { message: /12\.5 %/ })
    await image.close()
  }
})

t.test('an image of many objects without fast diff is sampled', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'large', { size: 128 * mib, objectSize: 65_536, features: ['layering'] })
  const image = await Image.open(ioctx, 'large')
  // Every other MiB.
  for (let at = 0; at < 128 * mib; at += 2 * mib) {
    await image.write(Buffer.alloc(mib, 1), { position: at })
  }
  const { settings } = await bench(image, { allowUnallocated: true, runtime: 0.1 })
  const allocated = settings.images[0]?.allocated ?? -1
  t.ok(allocated > 0.3 && allocated < 0.7, `${allocated} of the sample exist`)
  await image.close()
})

t.test('nothing is destroyed that nobody gave away', async (t) => {
  const { image, ioctx } = await openImage(t)
  await image.snapshots.create('keep')
  const other = await Image.open(ioctx, image.name)
  const before = (await image.read({ position: 0, length: mib })).buffer
  for (const operation of ['write', 'readwrite', 'discard', 'writeZeroes'] as const) {
    await t.rejects(Promise.resolve(bench(image, { operation })), {
      code: 'ERR_RBDKIT_BENCH_DESTRUCTIVE',
      message: new RegExp(`'${operation}' overwrites the image \\(it has 1 snapshot, 1 other has it open\\)`),
    })
  }
  t.ok((await image.read({ position: 0, length: mib })).buffer.equals(before))
  const readOnly = await Image.open(ioctx, image.name, { readOnly: true })
  await t.rejects(Promise.resolve(bench(readOnly, { operation: 'write', destructive: true })), {
    code: 'EROFS',
  })
  const snapshot = await Image.open(ioctx, image.name, { snapshot: 'keep' })
  t.ok((await bench(snapshot, { runtime: 0.2 })).jobs[0].read.total_ios > 0, 'a snapshot can be read')
  await t.rejects(Promise.resolve(bench([image, other], { operation: 'write', destructive: true })), {
    code: 'ERR_RBDKIT_BENCH_LOCK',
  })
  for (const open of [snapshot, readOnly, other]) await open.close()
  await image.snapshots.remove('keep')
  await image.close()
})

t.test('bad options are refused, with their names', async (t) => {
  const { image } = await openImage(t)
  const cases: [Parameters<typeof bench>[1], RegExp][] = [
    [{ operation: 'erase' as never }, /options.operation/],
    [{ pattern: 'zigzag' as never }, /options.pattern/],
    [{ blockSize: 100 }, /options.blockSize/],
    [{ blockSize: [] }, /options.blockSize/],
    [{ blockSize: [{ bytes: 4096, weight: 0 }] }, /options.blockSize\[0\].weight/],
    [{ blockSize: 64 * mib }, /options.blockSize.*33554432|options.depth/s],
    [{ depth: 0 }, /options.depth/],
    [{ depth: 65_536, blockSize: mib }, /options.depth/],
    [{ rate: 0 }, /options.rate/],
    [{ runtime: Number.NaN }, /options.runtime/],
    [{ distribution: { zipf: -1 } }, /options.distribution.zipf/],
    [{ distribution: { hot: { part: 2, share: 0.5 } } }, /options.distribution.hot.part/],
    [{ distribution: { zipf: 1 }, pattern: 'sequential' }, /options.distribution/],
    [{ verify: true, operation: 'discard', destructive: true }, /options.verify/],
    [
      {
        verify: true,
        blockSize: [
          { bytes: 4096, weight: 1 },
          { bytes: 6144, weight: 1 },
        ],
      },
      /options.blockSize/,
    ],
    [{ seed: -1 }, /options.seed/],
    [{ compressible: 101 }, /options.compressible/],
  ]
  for (const [options, message] of cases) {
    await t.rejects(
      Promise.resolve(bench(image, options)),
      { message },
      JSON.stringify(options, (_, v) => String(v)),
    )
  }
  await t.rejects(Promise.resolve(bench([])), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(Promise.resolve(bench([image, image])), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(Promise.resolve(bench({} as never)), { code: 'ERR_INVALID_ARG_TYPE' })
  await image.close()
  await t.rejects(Promise.resolve(bench(image)), { code: 'EBADF' })
})

t.test('aborting ends a run, before and while it goes on; closing waits for it', async (t) => {
  const { image } = await openImage(t)
  const reason = new Error('enough')
  await t.rejects(Promise.resolve(bench(image, { signal: AbortSignal.abort(reason) })), reason)
  const controller = new AbortController()
  const job = bench(image, {
    runtime: 600,
    signal: controller.signal,
    onProgress: ({ operations }) => operations > 100 && controller.abort(reason),
  })
  await t.rejects(Promise.resolve(job), reason)
  t.ok((await image.read({ position: 0, length: 512 })).bytesRead, 'the image goes on')
  let ended = false
  const short = bench(image, { runtime: 1 }).then((result) => {
    ended = true
    return result
  })
  await image.close()
  t.ok(ended, 'close() came after the run')
  t.ok((await short).jobs[0].read.total_ios > 0)
})
