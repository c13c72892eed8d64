import { once } from 'node:events'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { bench, Image } from 'rbdkit'
import t from 'tap'
import { openPool, withImage } from '../copy/fixture.js'
import { openImage } from './fixture.js'

t.test('the event loop is free while a run goes on', async (t) => {
  const { image } = await openImage(t)
  const job = bench(image, { depth: 64, runtime: 3 })
  const delay = monitorEventLoopDelay({ resolution: 5 })
  let ticks = 0
  const timer = setInterval(() => ticks++, 20)
  for await (const progress of job) if (progress.phase === 'run') delay.enable()
  delay.disable()
  clearInterval(timer)
  const p99 = Math.round(delay.percentile(99) / 1e6)
  t.comment(`event loop p99 ${p99} ms, ${(await job).jobs[0].read.iops} operations a second`)
  // 20 ms is the aim; the cluster's daemons share the processors with this test.
  t.ok(p99 < 100, `p99 ${p99} ms`)
  t.ok(ticks > 50, `${ticks} timers of 150`)
  await image.close()
})

t.test('an OSD that does not answer: the run says so, and can be left', async (t) => {
  const { LocalCluster } = await import('rbdkit/dev')
  const cluster = await LocalCluster.start()
  t.teardown(() => cluster.close())
  const pool = await openPool(t, cluster)
  await Image.create(pool.ioctx, 'disk', { size: 2 ** 25 })
  const image = await Image.open(pool.ioctx, 'disk')
  const osd = cluster.osds[0]
  const pid = osd?.pid
  if (osd === undefined || pid === undefined) throw new Error('the cluster has no OSD')
  const reason = new Error('waited long enough')
  const controller = new AbortController()
  const job = bench(image, {
    operation: 'write',
    runtime: 300,
    destructive: true,
    signal: controller.signal,
  })
  let stopped = 0
  let aborted = 0
  await t.rejects(async () => {
    for await (const progress of job) {
      if (progress.operations > 0 && stopped === 0) {
        process.kill(pid, 'SIGSTOP')
        stopped = Date.now()
      }
      if (progress.stalled && aborted === 0) {
        aborted = Date.now()
        controller.abort(reason)
      }
    }
  }, reason)
  t.ok(aborted - stopped >= 9_000, 'it was patient')
  t.ok(Date.now() - aborted < 30_000, `left ${Date.now() - aborted} ms after it was aborted`)
  // With Ceph 16 an OSD that only goes on after twenty seconds sometimes leaves a placement group `waiting for readable`
  // for good: its read lease ran out meanwhile. `rbd info` then gets no answer, in 4 of 15 tries after bench(), and in 1
  // of 6 after `rbd bench` alone.
  await osd.kill()
  await osd.start()
  // What was under way ends by itself; the image is as usable as before.
  await image.close()
  await withImage(pool.ioctx, 'disk', async (again) => {
    const { jobs } = await bench(again, { operation: 'write', bytes: 2 ** 20, destructive: true })
    t.equal(jobs[0].write.io_bytes, 2 ** 20)
  })
})

t.test('a worker that is terminated takes its runs along', async (t) => {
  const { image, ioctx, pool } = await openImage(t)
  await image.close()
  const script = `
    import { parentPort, workerData } from 'node:worker_threads'
    import { bench, Cluster, Image } from 'rbdkit'
    const { confFile, keyring, pool, name } = workerData
    const cluster = await Cluster.connect({ confFile, keyring })
    const ioctx = await cluster.openIoCtx(pool)
    const image = await Image.open(ioctx, name)
    for await (const p of bench(image, { runtime: 300 })) if (p.operations > 0) parentPort.postMessage('under way')
  `
  const directory = t.testdir({ 'worker.mjs': script })
  const { confFile, keyring } = pool.test
  const worker = new Worker(join(directory, 'worker.mjs'), {
    workerData: { confFile, keyring, pool: ioctx.pool, name: image.name },
  })
  await once(worker, 'message')
  const started = Date.now()
  t.equal(await worker.terminate(), 1)
  t.ok(Date.now() - started < 15_000, 'soon')
  await withImage(ioctx, image.name, async (again) => {
    t.equal((await again.listWatchers()).length, 1, 'nobody else has it open')
    t.ok((await bench(again, { runtime: 0.2 })).jobs[0].read.total_ios > 0)
  })
})

t.test('what librbd refuses is an error of the image', async (t) => {
  const { image, ioctx } = await openImage(t)
  const name = image.name
  const other = await Image.open(ioctx, name)
  await other.locks.acquire('exclusive')
  // The lock is held by hand, so nobody else may write.
  await t.rejects(Promise.resolve(bench(image, { operation: 'write', bytes: 4096, destructive: true })), {
    name: 'CephError',
    code: 'EROFS',
    syscall: 'rbd_aio_write',
    pool: ioctx.pool,
    image: name,
  })
  await other.close()
  await image.close()
})
