/** Benchmarks on several hosts, here three worker processes beside each other, on a real cluster. */

import {
  type BenchResult,
  BenchWorker,
  type BenchWorkersProgress,
  bench,
  benchWorkers,
  Cluster,
  Image,
  namespaceCreate,
} from 'rbdkit'
import t from 'tap'
import { percentilesOf } from '../../../dist/bench/percentiles.js'
import { randomName } from '../../helpers/cluster.js'
import { mib, openPool } from '../copy/fixture.js'
import { makeImages, ownObjects, runCommand, startWorker } from './workers-fixture.js'

const names = ['a', 'b', 'c']

/** Waits until the controller knows that all its workers run. */
function listenForRun() {
  let resolve = (): void => {}
  const all = new Promise<void>((run) => {
    resolve = run
  })
  const onProgress = ({ phase }: BenchWorkersProgress): void => {
    if (phase === 'run') resolve()
  }
  return { all, onProgress }
}

t.test('three workers measure together, and their results are one', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const images = ['one', 'two', 'three', 'four']
  await makeImages(pool, images)
  const workers = await Promise.all(names.map((name) => startWorker(t, pool, name)))
  const seen: BenchWorkersProgress[] = []
  const job = benchWorkers(ioctx, images, { workers: 3, depth: 4, runtime: 3, warmup: 0.5, seed: 5 })
  for await (const progress of job) seen.push(progress)
  const result = await job
  t.match(
    result.hosts,
    [
      { name: 'a', pid: workers[0]?.pid, images: ['four', 'one'] },
      { name: 'b', pid: workers[1]?.pid, images: ['three'] },
      { name: 'c', pid: workers[2]?.pid, images: ['two'] },
    ].map((host) => ({ name: host.name, pid: host.pid })),
  )
  t.same(result.hosts?.flatMap((host) => host.images).sort(), [...images].sort())
  t.ok(result.hosts?.every(({ iops, bw_bytes, lat_ns }) => iops > 0 && bw_bytes > 0 && lat_ns.p99 > 0))
  const { read, write, trim } = result.jobs[0]
  t.equal(read.io_bytes, read.total_ios * 4096)
  t.equal(read.lat_ns.N, read.total_ios)
  t.equal(
    Object.values(read.lat_ns.bins).reduce((sum, count) => sum + count, 0),
    read.total_ios,
  )
  t.same(read.lat_ns.percentile, percentilesOf(read.lat_ns.bins, read.lat_ns.min, read.lat_ns.max))
  t.ok(read.runtime >= 2900 && read.runtime < 6000, `${read.runtime}`)
  t.equal(read.series.length, 3)
  const summed = result.hosts?.reduce((sum, { iops }) => sum + iops, 0) ?? 0
  t.ok(Math.abs(read.iops / summed - 1) < 0.1, `${read.iops} of ${summed}`)
  t.same([write.total_ios, trim.total_ios, write.series], [0, 0, []])
  t.same(result.settings.images.map(({ image }) => image).sort(), [...images].sort())
  t.match(result.settings, { handles: 3, options: { depth: 4, runtime: 3, seed: 5, operation: 'read' } })
  t.type(result.started_within_ms, 'number')
  t.comment(`all started within ${result.started_within_ms?.toFixed(1)} ms`)
  const last = seen.at(-1)
  t.match(last, { phase: 'done', workers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })
  t.ok(seen.some(({ phase, iops }) => phase === 'run' && iops > 0))

  t.same(await ownObjects(pool), ['rbdkit_bench.default'], 'the workers wait for more')
  for (const worker of workers) worker.kill('SIGTERM')
  for (const worker of workers) t.same(await worker.ended, [143, null])
  t.same(await ownObjects(pool), [], 'nothing is left')
})

t.test('writes, shared out by the byte, reach the images', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const images = ['one', 'two', 'three']
  for (const name of images) await Image.create(ioctx, name, { size: 8 * mib })
  await Promise.all(names.map((name) => startWorker(t, pool, name, '--destructive')))
  const options = { verify: true, seed: 77n, blockSize: 65536 } as const
  const { jobs, settings } = await benchWorkers(
    ioctx,
    { a: ['one'], b: ['two'], c: ['three'] },
    { ...options, operation: 'write', pattern: 'sequential', bytes: 24 * mib, destructive: true },
  )
  t.equal(jobs[0].write.io_bytes, 24 * mib)
  t.equal(jobs[0]['job options'].io_size, String(24 * mib))
  t.equal(settings.images.length, 3)
  // Each block carries its stamp, all over each image.
  for (const name of images) {
    const image = await Image.open(ioctx, name)
    const { jobs: checked } = await bench(image, { ...options, pattern: 'sequential', bytes: 8 * mib })
    t.equal(checked[0].read.io_bytes, 8 * mib, name)
    // The engine's percentiles and those from its bins are the same.
    const { percentile, bins, min, max } = checked[0].read.lat_ns
    t.same(percentilesOf(bins, min, max), percentile)
    await image.close()
  }
})

t.test('one image read by all', async (t) => {
  const pool = await openPool(t)
  await makeImages(pool, ['one'])
  await Promise.all(names.map((name) => startWorker(t, pool, name)))
  const { hosts, jobs, settings } = await benchWorkers(pool.ioctx, ['one'], {
    workers: names,
    share: 'all',
    rate: 300,
    runtime: 2,
  })
  t.same(
    hosts?.map(({ images }) => images),
    [['one'], ['one'], ['one']],
  )
  t.equal(settings.images.length, 1)
  t.ok(jobs[0].read.total_ios > 300 && jobs[0].read.total_ios < 1000, `${jobs[0].read.total_ios}`)
})

t.test('a worker that is killed is named, and the others go on to the next job', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const images = ['one', 'two', 'three']
  await makeImages(pool, images)
  const workers = await Promise.all(names.map((name) => startWorker(t, pool, name)))
  const running = listenForRun()
  const job = benchWorkers(ioctx, images, { runtime: 600, timeoutMs: 3000, onProgress: running.onProgress })
  const victim = workers[1]
  const rejected = t.rejects(job.then(), {
    name: 'BenchWorkersError',
    code: 'ERR_RBDKIT_BENCH_WORKER_FAILED',
    message: /^1 of 3 worker failed: 'b' \(.+, pid \d+\): has not answered for .* it is dead or cut off$/,
    workers: [{ name: 'b', pid: victim?.pid, code: 'DEAD' }],
  })
  await running.all
  victim?.kill('SIGKILL')
  await rejected
  await workers[0]?.line(/aborted: the controller has ended the run/)
  await workers[2]?.line(/aborted: the controller has ended the run/)
  const { hosts } = await benchWorkers(ioctx, images, { workers: ['a', 'c'], runtime: 1 })
  t.same(
    hosts?.map(({ name }) => name),
    ['a', 'c'],
  )
  t.same(await ownObjects(pool), ['rbdkit_bench.default'])
})

t.test('aborting ends the workers', async (t) => {
  const pool = await openPool(t)
  await makeImages(pool, names)
  const workers = await Promise.all(names.map((name) => startWorker(t, pool, name)))
  const controller = new AbortController()
  const job = benchWorkers(pool.ioctx, names, { runtime: 600, signal: controller.signal })
  await Promise.all(workers.map((worker) => worker.line(/started/)))
  controller.abort(new Error('enough'))
  await t.rejects(job.then(), { message: 'enough' })
  for (const worker of workers) await worker.line(/aborted: the controller has ended the run/)
  t.same(await ownObjects(pool), ['rbdkit_bench.default'])
  // And while it waits for workers that never come.
  const waiting = new AbortController()
  setTimeout(() => waiting.abort(new Error('enough')), 200)
  await t.rejects(benchWorkers(pool.ioctx, names, { workers: 4, signal: waiting.signal }).then(), {
    message: 'enough',
  })
})

t.test('workers in a namespace and a group of their own, in this process', async (t) => {
  const pool = await openPool(t)
  await namespaceCreate(pool.ioctx, 'apart')
  const ioctx = await pool.cluster.openIoCtx(pool.ioctx.pool, { namespace: 'apart' })
  await makeImages({ ...pool, ioctx }, ['one', 'two'])
  const events: string[] = []
  const start = (name: string): Promise<BenchWorker> =>
    BenchWorker.start(ioctx, { name, group: 'mine', onEvent: ({ type }) => events.push(`${name} ${type}`) })
  const [a, b] = [await start('a'), await start('b')]
  await t.rejects(start('b'), { code: 'ERR_RBDKIT_BENCH_WORKER_NAME', message: /'b' already/ })
  const run = { group: 'mine', runtime: 0.5 }
  const { hosts } = await benchWorkers(ioctx, ['one', 'two'], run)
  t.same(
    hosts?.map(({ name, pid }) => [name, pid]),
    [
      ['a', process.pid],
      ['b', process.pid],
    ],
  )
  t.same(
    events.filter((event) => event.startsWith('a ')),
    ['a joined', 'a preparing', 'a ready', 'a started', 'a done'],
  )
  await a.close()
  t.same(await ownObjects(pool, '--namespace', 'apart'), ['rbdkit_bench.mine'])
  await b.close()
  await b.close()
  t.same(await ownObjects(pool, '--namespace', 'apart'), [])
  t.same(await ownObjects(pool), [])
})

t.test('a user who may only use the pool is enough, for workers and for the controller', async (t) => {
  const { cluster, ioctx, test } = await openPool(t)
  const pool = { cluster, ioctx, test }
  await makeImages(pool, ['one'])
  const entity = `client.${randomName('bench')}`
  const caps = { mon: 'profile rbd', osd: `profile rbd pool=${ioctx.pool}` }
  const { key } = await cluster.auth.getOrCreate(entity, caps)
  t.teardown(() => cluster.auth.remove(entity))
  const limited = await Cluster.connect({ confFile: test.confFile, name: entity, key })
  t.teardown(() => limited.close())
  const theirs = await limited.openIoCtx(ioctx.pool)
  const worker = await BenchWorker.start(theirs, { name: 'a', destructive: true })
  const write = { operation: 'write', destructive: true, bytes: mib } as const
  const { jobs } = await benchWorkers(theirs, ['one'], write)
  t.equal(jobs[0].write.io_bytes, mib)
  await worker.close()
  await t.rejects(ioctx.statObject('rbdkit_bench.default'), { code: 'ENOENT' })
})

t.test('rbdkit bench --workers', async (t) => {
  const pool = await openPool(t)
  const { ioctx, test } = pool
  await makeImages(pool, names)
  for (const name of names) await startWorker(t, pool, name, '--group', 'g')
  const images = names.map((name) => `${ioctx.pool}/${name}`)
  const command = (...args: string[]) =>
    runCommand(['bench', ...images, '--conf', test.confFile, '--keyring', test.keyring, ...args])
  const { stdout } = await command('--workers', '3', '--group', 'g', '--runtime', '1', '--iodepth', '4')
  t.match(
    stdout,
    /3 workers, begun within [\d.]+ ms:\n {2}a on \S+ \(a\): \S+ IOPS, .*\n {2}b on .*\n {2}c on /,
  )
  const json = await command('--workers', 'a,c', '--group', 'g', '--runtime', '0.5', '--json')
  t.same(
    (JSON.parse(json.stdout) as BenchResult).hosts?.map(({ images }) => images),
    [['a', 'c'], ['b']],
  )
  const writes = await command('--workers', '3', '--group', 'g', '--rw', 'write', '--destructive')
  t.match(writes, {
    code: 1,
    stderr: /3 of 3 workers failed:\n {2}'a' .*EACCES.*not started as destructive\n {2}'b'/,
  })
  t.match(await command('--workers', '0'), { code: 2, stderr: /--workers/ })
  t.match(await command('--group', 'g'), { code: 2, stderr: /go with --workers/ })
  t.match(await command('--workers', '2', '--numjobs', '2'), { code: 2, stderr: /--numjobs does not go/ })
  const two = await command('other/x', '--workers', '2')
  t.match(two, { code: 2, stderr: /one pool and namespace/ })
})
