import { type BenchProgress, type BenchResult, bench, Cluster, Image } from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { fill, mib, openImage } from './fixture.js'

/** What must hold of every direction of a result. */
function checkDirection(t: Test, result: BenchResult, name: 'read' | 'write' | 'trim', block: number): void {
  const d = result.jobs[0][name]
  t.ok(d.total_ios > 0, `${name}: operations`)
  t.equal(d.io_bytes, d.total_ios * block)
  t.equal(d.io_kbytes, Math.floor(d.io_bytes / 1024))
  const { lat_ns } = d
  t.equal(lat_ns.N, d.total_ios)
  t.equal(
    Object.values(lat_ns.bins).reduce((sum, n) => sum + n, 0),
    d.total_ios,
    'every operation is in a bin',
  )
  const percentiles = Object.values(lat_ns.percentile)
  t.same(
    percentiles,
    [...percentiles].sort((a, b) => a - b),
    'percentiles ascend',
  )
  t.equal(Object.keys(lat_ns.percentile).length, 17)
  t.ok(lat_ns.min > 0 && lat_ns.min <= lat_ns.mean && lat_ns.mean <= lat_ns.max)
  const measured = lat_ns.percentile['50.000000'] ?? 0
  t.ok(measured >= lat_ns.min && measured <= lat_ns.max)
  t.ok(Math.abs((d.total_ios / d.iops) * 1000 - d.runtime) <= 1, 'iops are operations a second')
  t.equal(d.iops_samples, d.series.length)
}

t.test('random reads at a depth, for a time, after a warm-up', async (t) => {
  const { image } = await openImage(t)
  const seen: BenchProgress[] = []
  const result = await bench(image, {
    depth: 8,
    warmup: 0.5,
    runtime: 2,
    onProgress: (progress) => seen.push(progress),
  })
  checkDirection(t, result, 'read', 4096)
  const [job] = result.jobs
  t.equal(job.write.total_ios, 0)
  t.ok(job.read.runtime >= 2000 && job.read.runtime < 4000, `${job.read.runtime} ms`)
  t.ok(job.elapsed >= 2.5)
  t.equal(job.read.series.length, 2)
  t.equal(Math.round(job.read.series.reduce((sum, row) => sum + row.iops, 0)) <= job.read.total_ios, true)
  t.match(job['job options'], { rw: 'randread', bs: '4096', iodepth: '8' })
  t.ok(result.cpu.userSeconds + result.cpu.systemSeconds > 0)
  t.ok(job.ctx > 0)
  const phases = seen.map(({ phase }) => phase)
  t.equal(phases[0], 'prepare')
  t.ok(phases.includes('warmup') && phases.includes('run'))
  t.equal(phases.at(-1), 'done')
  t.equal(seen.at(-1)?.operations, job.read.total_ios, 'the last progress is the end')
  t.ok(seen.length < 60, `${seen.length} reports: ten a second`)
  await image.close()
})

t.test('what the figures depend on is in the result', async (t) => {
  const { image, pool } = await openImage(t)
  await image.metadata.set('conf_rbd_cache_max_dirty', '1048576')
  await image.close()
  const again = await Image.open(pool.ioctx, image.name)
  const { settings } = await bench(again, { runtime: 0.2 })
  const [first] = settings.images
  t.match(first, {
    fsid: pool.test.fsid,
    pool: pool.ioctx.pool,
    image: image.name,
    size: 32 * mib,
    objectSize: 4 * mib,
    allocated: 1,
    overrides: { rbd_cache_max_dirty: '1048576' },
  })
  t.equal(settings.client.rbd_cache, await pool.cluster.option('rbd_cache'))
  t.equal(settings.versions.ceph, await pool.cluster.version())
  t.same(settings.options.seed, Number(settings.options.seed))
  t.same(JSON.parse(JSON.stringify(settings)).client, settings.client)
  await again.close()
})

t.test('writes end by bytes, flush, and hold the exclusive lock', async (t) => {
  const { image } = await openImage(t)
  const result = await bench(image, {
    operation: 'write',
    pattern: 'sequential',
    blockSize: 65_536,
    bytes: 8 * mib,
    flushEvery: 10,
    destructive: true,
  })
  checkDirection(t, result, 'write', 65_536)
  const [job] = result.jobs
  t.equal(job.write.io_bytes, 8 * mib)
  t.equal(job.sync.total_ios, 12 + 1, 'one every ten writes, one at the end')
  t.equal(result.settings.images[0]?.exclusiveLock, true)
  await image.close()
})

t.test('every operation does what it says', async (t) => {
  const { image } = await openImage(t)
  const options = { blockSize: 4096, bytes: 4 * mib, pattern: 'sequential', destructive: true } as const
  const zeros = Buffer.alloc(4 * mib)
  const content = async (): Promise<Buffer> => (await image.read({ position: 0, length: 4 * mib })).buffer
  const before = await content()
  t.notOk(before.equals(zeros))
  await bench(image, { ...options, operation: 'write', compressible: 50 })
  const written = await content()
  t.notOk(written.equals(before))
  for (let at = 0; at < written.length; at += 4096) {
    if (written.subarray(at + 2048, at + 4096).some((byte) => byte !== 0)) t.fail(`dense at ${at}`)
    if (!written.subarray(at, at + 2048).some((byte) => byte !== 0)) t.fail(`empty at ${at}`)
  }
  const zeroed = await bench(image, { ...options, operation: 'writeZeroes' })
  checkDirection(t, zeroed, 'trim', 4096)
  t.ok((await content()).equals(zeros))
  await bench(image, { ...options, operation: 'write' })
  t.notOk((await content()).equals(zeros))
  const discarded = await bench(image, { ...options, operation: 'discard', blockSize: 4 * mib })
  t.equal(discarded.jobs[0].trim.total_ios, 1)
  t.ok((await content()).equals(zeros))
  await fill(image)
  const mixed = await bench(image, { operation: 'readwrite', readPercent: 70, runtime: 1, destructive: true })
  checkDirection(t, mixed, 'read', 4096)
  checkDirection(t, mixed, 'write', 4096)
  const { read, write } = mixed.jobs[0]
  const share = read.total_ios / (read.total_ios + write.total_ios)
  t.ok(share > 0.6 && share < 0.8, `${share} are reads`)
  await image.close()
})

t.test('an open loop keeps its rate; one that is too fast says so', async (t) => {
  const { image } = await openImage(t)
  const { read, unstarted_ios } = (await bench(image, { rate: 300, runtime: 2 })).jobs[0]
  t.ok(read.total_ios > 450 && read.total_ios < 750, `${read.total_ios} of about 600`)
  // A fifth of a second's: the cluster's daemons share the processors with this test.
  t.ok(unstarted_ios <= 60, `${unstarted_ios} not begun`)
  const fast = (await bench(image, { rate: 5e6, depth: 4, runtime: 0.5 })).jobs[0]
  t.ok(fast.unstarted_ios > 1e6, `${fast.unstarted_ios} not begun`)
  // The last ones waited nearly as long as the run took: this is what a closed loop would have hidden.
  t.ok((fast.read.lat_ns.percentile['99.000000'] ?? 0) > 300e6)
  await image.close()
})

t.test('several images, on several cluster handles', async (t) => {
  const { image, pool } = await openImage(t)
  const other = await Cluster.connect({ confFile: pool.test.confFile, keyring: pool.test.keyring })
  const ioctx = await other.openIoCtx(pool.ioctx.pool)
  const same = await Image.open(ioctx, image.name, { readOnly: true })
  const result = await bench([image, same], { runtime: 1, depth: 4 })
  checkDirection(t, result, 'read', 4096)
  t.equal(result.settings.handles, 2)
  t.equal(result.settings.images.length, 2)
  const name = randomName('second')
  await Image.create(pool.ioctx, name, { size: 8 * mib })
  const second = await Image.open(ioctx, name)
  const writes = await bench([image, second], { operation: 'write', bytes: 4 * mib, destructive: true })
  t.equal(writes.jobs[0].write.io_bytes, 4 * mib)
  t.equal(writes.jobs[0].sync.total_ios, 2, 'each image is flushed')
  await same.close()
  await second.close()
  await other.close()
  await image.close()
})

t.test('stamps: what was written is checked, and what was changed is found', async (t) => {
  const { image } = await openImage(t)
  const options = { verify: true, seed: 7n, destructive: true } as const
  const size = await image.size()
  await bench(image, {
    ...options,
    operation: 'write',
    pattern: 'sequential',
    blockSize: 16_384,
    bytes: size,
  })
  const checked = await bench(image, { ...options, pattern: 'sequential', blockSize: 16_384, bytes: size })
  t.equal(checked.jobs[0].read.io_bytes, size)
  await bench(image, { ...options, operation: 'readwrite', blockSize: 16_384, runtime: 1 })
  // One bit of one block.
  const at = 1234 * 4096 + 77
  const { buffer } = await image.read({ position: at, length: 1 })
  buffer.writeUInt8(buffer.readUInt8(0) ^ 1, 0)
  await image.write(buffer, { position: at })
  const read = { ...options, pattern: 'sequential', blockSize: 16_384, bytes: size } as const
  await t.rejects(Promise.resolve(bench(image, read)), {
    name: 'BenchError',
    code: 'ERR_RBDKIT_BENCH_VERIFY',
    message: new RegExp(`wrong checksum at byte ${Math.floor(at / 16_384) * 16_384}`),
    image: image.name,
  })
  await t.rejects(Promise.resolve(bench(image, { ...read, seed: 8n })), {
    message: /the stamp of another seed/,
  })
  await image.close()
})
